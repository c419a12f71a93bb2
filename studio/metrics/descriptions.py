"""How well descriptions say what is special about each image: CIDEr-D (Vedantam et al. 2015, arXiv:1411.5726)."""

import math
from collections import Counter
from collections.abc import Sequence

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.generated import Words

CIDER = Metric(
    "cider",
    _("CIDEr-D"),
    _(
        "how many sequences of up to four words agree, rare ones counting more than those of most descriptions, "
        "from 0 to 10"
    ),
    percent=False,
)
LONGEST = 4  # words of a run
SPREAD = 6.0  # words more or less than in the right text, at which a good part of the score is gone
Runs = Counter[tuple[str, ...]]


def cider(said: Sequence[str], right: Sequence[str]) -> float:
    """Of a whole split, each text against its right one. How rare a run is follows from all the right ones."""
    answers, references = _words(said), _words(right)
    scores = [0.0] * len(said)
    for length in range(1, LONGEST + 1):
        runs = [_runs(words, length) for words in references]
        found_in = Counter(run for each in runs for run in each)  # how many right texts have it
        for place, words in enumerate(answers):
            own = _weighted(_runs(words, length), found_in, len(said))
            scores[place] += _similar(own, _weighted(runs[place], found_in, len(said)))
    for place, (words, reference) in enumerate(zip(answers, references, strict=True)):
        scores[place] *= 10 / LONGEST * math.exp(-((len(words) - len(reference)) ** 2) / (2 * SPREAD**2))
    return sum(scores) / len(scores)


def has_runs(right: Sequence[str]) -> bool:
    """Whether any of the texts has several words: of single ones there is only right and wrong."""
    return any(len(words) > 1 for words in _words(right))


def _words(texts: Sequence[str]) -> list[list[str]]:
    return [Words().tokenize(text) for text in texts]


def _runs(words: Sequence[str], length: int) -> Runs:
    return Counter(tuple(words[start : start + length]) for start in range(len(words) - length + 1))


def _weighted(runs: Runs, found_in: Runs, texts: int) -> dict[tuple[str, ...], float]:
    """How often times how rare (tf-idf)."""
    return {run: count * math.log(texts / max(1, found_in[run])) for run, count in runs.items()}


def _similar(own: dict[tuple[str, ...], float], right: dict[tuple[str, ...], float]) -> float:
    """The cosine, where saying a run more often than the right text does not count."""
    norm = math.hypot(*own.values()) * math.hypot(*right.values())
    return sum(min(value, right.get(run, 0.0)) * right.get(run, 0.0) for run, value in own.items()) / (norm or 1.0)
