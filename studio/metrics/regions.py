"""How well the regions of images are found: the overlap (intersection over union) of each class, and right pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.intervals import Interval, resampled

if TYPE_CHECKING:
    import numpy

MIOU = Metric(
    "miou",
    _("Mean overlap (mIoU)"),
    _("how much of what is marked and of what should be is marked rightly, over the classes"),
)
IOU = Metric("iou", _("Overlap (IoU)"), _("how much of what is marked and of what should be is marked rightly"))
PIXEL_ACCURACY = Metric("pixel_accuracy", _("Right pixels"), _("share of the pixels that are given the right class"))


def overlaps(matrix: "numpy.ndarray") -> "numpy.ndarray":
    """The overlap of each class, NaN for one that is neither there nor answered. matrix: counts of pixels
    (..., true, answered)."""
    import numpy

    both = numpy.diagonal(matrix, axis1=-2, axis2=-1).astype(float)
    either = matrix.sum(axis=-1) + matrix.sum(axis=-2) - both
    with numpy.errstate(invalid="ignore"):
        return numpy.where(either > 0, both / numpy.maximum(either, 1), numpy.nan)


def region_metrics(matrix: "numpy.ndarray") -> dict[str, float]:
    """matrix: counts of pixels (true, answered), some of which are not 0."""
    import numpy

    return {
        MIOU.name: float(numpy.nanmean(overlaps(matrix))),
        PIXEL_ACCURACY.name: float(numpy.trace(matrix) / matrix.sum()),
    }


def miou_interval(counted: str, sums: Sequence["numpy.ndarray"]) -> Interval:
    """By drawing the images again. sums: of each image the shared, the true and the answered pixels of every class, one
    after another."""
    import numpy

    def measure(drawn: "numpy.ndarray") -> "numpy.ndarray":
        both, there, answered = numpy.split(drawn.astype(float), 3, axis=1)
        either = there + answered - both
        return numpy.nanmean(numpy.where(either > 0, both / numpy.maximum(either, 1), numpy.nan), axis=1)

    return resampled(counted, numpy.array(sums, dtype=float), measure)
