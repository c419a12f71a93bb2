"""How good the finding of things is, of which an example may have none or many: marked pieces, objects."""

from collections.abc import Sequence

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.intervals import Interval, resampled

F1 = Metric("f1", "F1", _("precision and recall in one"))
PRECISION = Metric("precision", _("Precision"), _("how much of what was found is right"))
RECALL = Metric("recall", _("Recall"), _("how much of what is there was found"))


def found_metrics(found: int, there: int, answered: int) -> dict[str, float]:
    """From counts of things: found and right, there, answered. 0 where a metric is not defined."""
    return {
        PRECISION.name: found / answered if answered else 0.0,
        RECALL.name: found / there if there else 0.0,
        F1.name: 2 * found / (there + answered) if there + answered else 0.0,
    }


def found_interval(counts: tuple[int, int, int], rows: Sequence[tuple[int, int, int]]) -> Interval:
    """That of F1, by drawing rows again. counts: as `found_metrics` takes them; rows: the same of each row."""
    import numpy

    found, there, answered = counts
    counted = _(
        "{found:,} of {there:,} found, {wrong:,} found wrongly", found=found, there=there, wrong=answered - found
    )

    def f1(sums: "numpy.ndarray") -> "numpy.ndarray":
        of = sums[:, 1] + sums[:, 2]
        return 2 * sums[:, 0] / numpy.maximum(of, 1)

    return resampled(counted, numpy.array(rows), f1)
