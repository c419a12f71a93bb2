"""What a measured number is worth: what was counted for it, and how far chance may have moved it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.language import _, unpacked
from studio.metrics.base import Metric

if TYPE_CHECKING:
    import numpy

NORMAL_975 = 1.959963984540054  # of the standard normal distribution, 95% lie between minus this and this
FEWEST_ROWS = 10  # of fewer, resampling knows too little: its intervals come out far too narrow
RESAMPLES, FEWEST_RESAMPLES = 1000, 200
DRAWS = 5_000_000  # rows drawn in all, where that leaves enough resamples: a large split is not resampled as often


@dataclass(frozen=True)
class Interval:
    """counted: what the number was measured on, such as "58 of 60".

    low, high: with endlessly many such examples the number would likely lie between these (a 95% confidence
    interval); None where that is not known.
    """

    counted: str
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "Interval":
        """As it is stored."""
        return cls(unpacked(found["counted"]), found.get("low"), found.get("high"))

    def text(self, metric: Metric) -> str:
        """58 of 60, so likely between 88.6% and 99.1% (95% interval)."""
        if self.low is None or self.high is None:
            return _("{counted}; how much of it is chance is not known", counted=self.counted)
        low, high = metric.text(self.low), metric.text(self.high)
        return _(
            "{counted}, so likely between {low} and {high} (95% interval)", counted=self.counted, low=low, high=high
        )


def share_interval(right: int, of: int) -> Interval:
    """Of `right` in `of`, which is not 0: E. B. Wilson's interval (1927), which also holds near 0 and 1."""
    share, square = right / of, NORMAL_975**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = NORMAL_975 / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return Interval(_("{right:,} of {all:,}", right=right, all=of), max(0.0, middle - half), min(1.0, middle + half))


def resampled(
    counted: str, rows: "numpy.ndarray", measure: "Callable[[numpy.ndarray], numpy.ndarray]", seed: int = 0
) -> Interval:
    """The percentile bootstrap (Efron, 1979) of a metric that follows from sums over the rows.

    rows: (rows, numbers). measure: sums (resamples, numbers) -> the metric of each. Without an interval where there
    are too few rows, or where all are so alike that drawing them again says nothing.
    """
    import numpy

    if len(rows) < FEWEST_ROWS or not numpy.isfinite(rows).all():
        return Interval(counted)
    random = numpy.random.default_rng(seed)
    times = min(RESAMPLES, max(FEWEST_RESAMPLES, DRAWS // len(rows)))
    sums = [rows[random.integers(len(rows), size=len(rows))].sum(axis=0) for _unused in range(times)]
    low, high = numpy.quantile(measure(numpy.stack(sums)), (0.025, 0.975))
    return Interval(counted, float(low), float(high)) if low < high else Interval(counted)
