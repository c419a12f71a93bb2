"""Letters for models of speech that have none yet: a wav2vec2 or HuBERT that has only listened learns to write with
those of the transcripts (as von Platen 2021 does for XLSR, without taking any alphabet for given)."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.errors import StudioError
from studio.language import _, plural

LETTERS = "own_letters"  # in the model's config
MARKS = ("<pad>", "<s>", "</s>", "<unk>", "|")  # the last one stands between words
MOST_LETTERS = 6000  # the commonest ones, of languages that write with thousands
APOSTROPHES = ("'", "\N{RIGHT SINGLE QUOTATION MARK}")
KEPT = ("L", "M", "N")  # Unicode's letters, marks on letters, numbers
TOKENIZERS = ("vocab.json", "tokenizer.json", "tokenizer_config.json")


def letters_in(texts: Iterable[str]) -> list[str]:
    """Those that the texts are made of, small where a language knows both, without punctuation."""
    counts = Counter(letter for text in texts for letter in unicodedata.normalize("NFC", text.lower()))
    known = {
        letter: count
        for letter, count in counts.items()
        if unicodedata.category(letter)[0] in KEPT or letter in APOSTROPHES
    }
    return sorted(sorted(known, key=lambda letter: (-known[letter], letter))[:MOST_LETTERS])


def lacks_letters(folder: Path, config: Any) -> bool:
    """Of a pretrained model: whether it writes letters and was never told which."""
    return not config.is_encoder_decoder and not any((folder / name).is_file() for name in TOKENIZERS)


def fitted(folder: Path, config: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` for the config of the model in the folder, with an output for each letter where it lacks them."""
    others = {name: value for name, value in values.items() if name != LETTERS}
    if not lacks_letters(folder, config):
        return others
    letters = list(values.get(LETTERS, ()))
    if not letters:
        raise StudioError(
            _("The model cannot learn to write."),
            _("It has no letters of its own, and there are none in the transcripts."),
            _("Choose another column for what is said, or a model that can write."),
        )
    return {
        **others,
        LETTERS: letters,
        "vocab_size": len(MARKS) + len(letters),
        "ctc_zero_infinity": True,
        "pad_token_id": MARKS.index("<pad>"),
        "bos_token_id": MARKS.index("<s>"),
        "eos_token_id": MARKS.index("</s>"),
    }


def processor_with_letters(folder: Path, letters: list[str]) -> Any:
    """The feature extractor in the folder, and a tokenizer of these letters."""
    from transformers import AutoFeatureExtractor, Wav2Vec2CTCTokenizer, Wav2Vec2Processor

    vocabulary = {name: place for place, name in enumerate((*MARKS, *letters))}
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / "vocab.json"
        file.write_text(json.dumps(vocabulary), encoding="utf-8")
        tokenizer = Wav2Vec2CTCTokenizer(str(file))
    return Wav2Vec2Processor(AutoFeatureExtractor.from_pretrained(folder), tokenizer)


def letters_words(config: Any) -> tuple[str, ...]:
    """A sentence about the letters that a model got here; nothing for one that had its own."""
    letters = getattr(config, LETTERS, None)
    if not letters:
        return ()
    count, some = len(letters), " ".join(letters[:40])
    return (
        plural(
            "The model had no letters yet: it learned to write with the one of the transcripts ({letters}).",
            "The model had no letters yet: it learned to write with the {n:,} of the transcripts ({letters}).",
            count,
            letters=some if count <= 40 else f"{some} …",
        ),
    )
