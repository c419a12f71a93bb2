"""Models that write a letter, or none, for every moment of a recording: wav2vec2, HuBERT, WavLM and the like.

They learn by connectionist temporal classification, which adds up all ways in which the letters of a transcript may
fall on those moments (Graves et al., 2006). So they know when each word is said. They write with the letters of their
own vocabulary: transcripts are put into these, and what it lacks is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from studio.tasks.base import Answer, Batch, Loss, Tools
from studio.tasks.sounds import Times, answers_of_pieces, values_of
from studio.tasks.texts import IGNORED

HEARD = "heard_values"  # in the finished model's config: how many values of a recording it hears


def writes_letters(config: Any) -> bool:
    """Of a model for speech, by its config: the other ones write their texts token by token."""
    return not config.is_encoder_decoder


def letters_of(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text, in capitals or small letters where the vocabulary has these alone."""
    known = {name for name in tokenizer.get_vocab() if len(name) == 1}
    small, large = any(name.islower() for name in known), any(name.isupper() for name in known)
    spelled = [text.lower() if small and not large else text.upper() if large and not small else text for text in texts]
    spelled = [_composed(text, known) for text in spelled]
    kept = ["".join(letter for letter in text if letter in known or letter.isspace()) for text in spelled]
    return [list(tokenizer(" ".join(text.split()))["input_ids"]) or [IGNORED] for text in kept]


def _composed(text: str, known: set[str]) -> str:
    """With letters and the marks on them as one (é), where fewer are unknown so."""
    forms = (text, normalize("NFC", text))
    return min(forms, key=lambda form: sum(letter not in known and not letter.isspace() for letter in form))


def letters_loss(model: Any, batch: Batch) -> Loss:
    """Over the letters of the transcripts. Those with more letters than moments cannot be learned, and count nothing
    (`zero_infinity` of PyTorch)."""
    import torch

    inputs = {name: value for name, value in batch.tensors.items() if name != "labels"}
    labels = batch.tensors["labels"]
    outputs = model(**inputs)
    shares = outputs.logits.float().log_softmax(-1).transpose(0, 1)
    lengths = (labels != IGNORED).sum(-1)
    with torch.backends.cudnn.flags(enabled=False):  # its own knows no `zero_infinity`
        total = torch.nn.functional.ctc_loss(
            shares,
            labels.clamp(min=0),
            _moments(model, inputs, len(labels), len(shares)).to(labels.device),
            lengths,
            blank=model.config.pad_token_id,
            reduction="sum",
            zero_infinity=True,
        )
    return Loss(total, lengths.sum().to(total), outputs)


def _moments(model: Any, inputs: Mapping[str, Any], count: int, most: int) -> Any:
    """For how many moments letters are written, of each recording: without the silence behind it, where the model is
    told where that begins."""
    import torch

    if "attention_mask" not in inputs:
        return torch.full((count,), most)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return base._get_feat_extract_output_lengths(inputs["attention_mask"].sum(-1)).to(torch.long).clamp(max=most)


def written_in_letters(tools: Tools, model: Any, batch: Batch) -> list[Answer]:
    """What the model writes to each recording, and when each word is said."""

    def write(inputs: dict[str, Any], pieces: Sequence[Any]) -> list[tuple[str, Times]]:
        logits = model(**inputs).logits
        ids = logits.argmax(-1).tolist()
        counts = _moments(model, inputs, len(ids), logits.shape[1]).tolist()
        moment = tools.options.seconds / logits.shape[1]
        return [
            _read(tools.processor.tokenizer, each[:count], moment, piece)
            for each, count, piece in zip(ids, counts, pieces, strict=True)
        ]

    return answers_of_pieces(batch, write)


def _read(tokenizer: Any, ids: list[int], moment: float, piece: Mapping[str, Any]) -> tuple[str, Times]:
    """moment: how many seconds a letter stands for."""
    found = tokenizer.decode(ids, output_word_offsets=True)
    begin, lasts = piece.get("begin", 0.0), piece.get("lasts", float("inf"))
    times = [
        (begin + min(lasts, each["start_offset"] * moment), begin + min(lasts, each["end_offset"] * moment), word)
        for each in found.word_offsets
        if (word := each["word"])
    ]
    return found.text, [(float(first), float(last), word) for first, last, word in times]


def letters_settings(tools: Tools) -> dict[str, Any]:
    """For the finished model's config, from which others see how recordings are to be prepared: with silence behind
    them, where the model is not told where that begins."""
    extractor = tools.processor.feature_extractor
    return {} if extractor.return_attention_mask else {HEARD: values_of(extractor, tools.options.seconds)}


def letters_code(config: Mapping[str, Any]) -> tuple[str, str]:
    """For people without the studio: the pipeline of transformers would not end recordings in silence, as they were
    learned."""
    lines = (
        "def ask(recording):",
        f'    sound, rate = recording["raw"][:{config[HEARD]}], recording["sampling_rate"]',
        "    inputs = processor(",
        f'        sound, sampling_rate=rate, padding="max_length", max_length={config[HEARD]}, truncation=True,',
        '        return_tensors="pt",',
        "    )",
        "    with torch.no_grad():",
        "        letters = model(**inputs).logits[0].argmax(-1)",
        '    return {"text": processor.decode(letters)}',
    )
    return "import torch", "\n".join(lines)
