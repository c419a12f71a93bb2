"""How well a language model predicts what comes next, token by token."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric, error
from studio.metrics.intervals import Interval, resampled

if TYPE_CHECKING:
    import numpy

PERPLEXITY = error(
    "perplexity",
    _("Perplexity"),
    _("among how many equally likely pieces of words the model seems to choose each time; lower is better"),
    said=_(
        "On the validation examples, the model is now as unsure of each piece of a word as if it chose among {value} "
        "(perplexity)."
    ),
)
TOKEN_ACCURACY = Metric(
    "token_accuracy", _("Token accuracy"), _("share of the pieces of words that the model puts first")
)
MOST = 700.0  # of a mean loss: beyond, its exponential is no number any more


def perplexity(loss: float) -> float:
    """loss: the mean negative logarithm of the right tokens' probabilities."""
    return math.exp(min(loss, MOST))


def perplexity_interval(counted: str, rows: Sequence[tuple[float, int]]) -> Interval:
    """By drawing rows again. rows: of each, the sum of its losses, and over how many tokens."""
    import numpy

    def measure(sums: "numpy.ndarray") -> "numpy.ndarray":
        return numpy.exp(numpy.minimum(sums[:, 0] / numpy.maximum(sums[:, 1], 1), MOST))

    return resampled(counted, numpy.array(rows, dtype="float64"), measure)
