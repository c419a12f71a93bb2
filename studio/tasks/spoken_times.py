"""What Whisper writes to recordings, and when each word is said.

The times follow from where the model looks while it writes: some heads of its decoder's attention were found to move
along with the sound (dynamic time warping over these, as `generate` of transformers does it). A model that names no
such heads writes without times.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from studio.tasks.base import Answer, Batch, Tools
from studio.tasks.sounds import Times, answers_of_pieces


def written_in_tokens(tools: Tools, model: Any, batch: Batch, how: dict[str, Any]) -> list[Answer]:
    """The answer to each item. how: arguments of `generate`. There are no times for items that are learned from, whose
    answers are only scored."""
    timed = "pieces" in batch.items[0] and bool(getattr(model.generation_config, "alignment_heads", None))
    processor = tools.processor

    def write(inputs: dict[str, Any], pieces: Sequence[Any]) -> list[tuple[str, Times]]:
        if not timed:
            generated = model.generate(**inputs, **how)
            return [(text.strip(), []) for text in processor.batch_decode(generated, skip_special_tokens=True)]
        with first_word_heard(model):
            generated = model.generate(**inputs, **how, return_token_timestamps=True)
        tokens, moments = generated["sequences"].tolist(), generated["token_timestamps"].tolist()
        texts = processor.batch_decode(tokens, skip_special_tokens=True)
        return [
            (text.strip(), _words(processor.tokenizer, ids, ends, piece["begin"], piece["lasts"]))
            for text, ids, ends, piece in zip(texts, tokens, moments, pieces, strict=True)
        ]

    return answers_of_pieces(batch, write)


@contextmanager
def first_word_heard(model: Any) -> Iterator[None]:
    """Let transformers find the moment of the first token too.

    The path through the attention begins at second 0 with its first step. transformers leaves out all steps of the
    prompt, so that this step is the one that reads the first token, which then ends at 0. The program of Whisper's
    authors keeps the last step of the prompt, which looks at where the first token is said.
    """
    from transformers.models.whisper.generation_whisper import WhisperGenerationMixin

    whisper: Any = next(each for each in model.modules() if isinstance(each, WhisperGenerationMixin))
    find = whisper._extract_token_timestamps

    def found(outputs: Any, heads: Any, *, num_input_ids: int, **others: Any) -> Any:
        kept = int("beam_indices" not in outputs)  # beams are put in order by the whole prompt
        return find(outputs, heads, num_input_ids=num_input_ids - kept, **others)

    whisper._extract_token_timestamps = found
    try:
        yield
    finally:
        del whisper._extract_token_timestamps


def _words(tokenizer: Any, tokens: list[int], moments: list[float], begin: float, lasts: float) -> Times:
    """Tokens put together to words: a word begins with a space. moments: when each token ends, in seconds."""
    special, before = set(tokenizer.all_special_ids), 0.0
    words: Times = []
    for token, moment in zip(tokens, moments, strict=True):
        if token in special:
            continue
        text, end = tokenizer.decode([token]), min(moment, lasts)
        if words and not text.startswith(" "):
            first, _end, word = words[-1]
            words[-1] = (first, begin + end, word + text)
        else:
            words.append((begin + min(before, end), begin + end, text.strip()))
        before = end
    return [word for word in words if word[2]]
