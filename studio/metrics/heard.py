"""How well speech is written down: errors in words and in letters (jiwer). Capitals and punctuation do not count."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.intervals import Interval, resampled

if TYPE_CHECKING:
    import numpy

WER = Metric(
    "wer",
    _("Word error rate"),
    _("wrong, missing and made-up words for each word that was said; 0 is perfect"),
    higher_is_better=False,
)
CER = Metric(
    "cer",
    _("Letter error rate"),
    _("wrong, missing and made-up letters for each letter that was said; 0 is perfect"),
    higher_is_better=False,
)
COUNTS = ("wrong words", "words", "wrong letters", "letters")


@lru_cache(maxsize=1)
def _plain() -> Any:
    """Small letters, no punctuation, single blanks."""
    import jiwer

    steps = (jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip())
    return jiwer.Compose(list(steps))


def errors(said: str, right: str) -> dict[str, float]:
    """Of one recording, by `COUNTS`. said: what the model wrote."""
    import jiwer

    said, right = _plain()(said), _plain()(right)
    if not right:  # nothing but punctuation: all that was written is made up
        wrong = (float(len(said.split())), 0.0, float(len(said)), 0.0)
        return dict(zip(COUNTS, wrong, strict=True))
    counts: list[float] = []
    for found in (jiwer.process_words(right, said), jiwer.process_characters(right, said)):
        missed = found.substitutions + found.deletions
        counts += [missed + found.insertions, missed + found.hits]
    return dict(zip(COUNTS, counts, strict=True))


def rates(each: Sequence[Mapping[str, float]], counted: str) -> tuple[dict[str, float], Interval]:
    """Of a whole split, from the errors of its recordings, and what the word error rate is worth."""
    import numpy

    table = numpy.array([[row[name] for name in COUNTS] for row in each])

    def measure(sums: "numpy.ndarray") -> "numpy.ndarray":
        share: numpy.ndarray = sums[:, 0] / numpy.maximum(sums[:, 1], 1)
        return share

    wrong_words, words, wrong_letters, letters = table.sum(axis=0).tolist()
    values = {WER.name: wrong_words / max(words, 1), CER.name: wrong_letters / max(letters, 1)}
    return values, resampled(counted, table, measure)
