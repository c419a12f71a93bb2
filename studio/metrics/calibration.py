"""How well a classifier knows how sure it can be: the expected calibration error (Naeini et al. 2015)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric

if TYPE_CHECKING:
    import numpy

CALIBRATION_ERROR = Metric(
    "calibration_error",
    _("Calibration error (ECE)"),
    _("how far its certainty is from how often it is right, on average"),
    higher_is_better=False,
)
BINS = 15  # of the same width, as Guo et al. 2017 have them
ENOUGH = 10  # answers of a point in a figure


@dataclass
class Bins:
    """What was said with a certainty of 0 to 1/15, to 2/15, ..., and how often it was right. sure, right: sums."""

    count: "numpy.ndarray"
    sure: "numpy.ndarray"
    right: "numpy.ndarray"

    @classmethod
    def empty(cls) -> "Bins":
        import numpy

        return cls(*(numpy.zeros(BINS) for _bin in range(3)))

    def add(self, sure: Sequence[float], right: Sequence[bool]) -> None:
        """sure: the probability of what was answered, from 0 to 1. With one that is no number the error is none."""
        import numpy

        shares = numpy.clip(numpy.asarray(sure, dtype="float64"), 0.0, 1.0)
        places = numpy.minimum((numpy.nan_to_num(shares) * BINS).astype(int), BINS - 1)
        numpy.add.at(self.count, places, 1)
        numpy.add.at(self.sure, places, shares)
        numpy.add.at(self.right, places, numpy.asarray(right, dtype="float64"))

    def error(self) -> float:
        """The distance between certainty and accuracy, the mean over what was said; of at least one answer."""
        return float(abs(self.sure - self.right).sum() / self.count.sum())

    def curve(self) -> list[dict[str, float]]:
        """Mean certainty and accuracy, by ascending certainty. Neighbouring bins count as one until they hold enough
        answers to say something."""
        points, held = [], (0.0, 0.0, 0.0)
        for each in zip(self.count, self.sure, self.right, strict=True):
            held = (held[0] + each[0], held[1] + each[1], held[2] + each[2])
            if held[0] >= ENOUGH:
                points.append({"x": round(held[1] / held[0], 5), "y": round(held[2] / held[0], 5)})
                held = (0.0, 0.0, 0.0)
        return points
