"""How good answers are of which an example may have any number of labels (scikit-learn)."""

from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric
from studio.metrics.classes import F1_MACRO

if TYPE_CHECKING:
    import numpy

F1_MICRO = Metric("f1_micro", _("F1 (micro)"), _("precision and recall in one; every single label counts the same"))
AVERAGE_PRECISION = Metric(
    "average_precision", _("Average precision"), _("how well examples with a label come before those without")
)


def label_metrics(true: "numpy.ndarray", shares: "numpy.ndarray", answered: "numpy.ndarray") -> dict[str, float]:
    """true, answered: (rows, labels), whether each is there; shares: its probability. Not empty.

    Macro means run over the labels that come among the rows or were answered; average precision over the first.
    """
    from sklearn.metrics import f1_score

    known = true.any(axis=0) | answered.any(axis=0)
    f1 = f1_score(true[:, known], answered[:, known], average="macro", zero_division=0) if known.any() else 0.0
    each = average_precisions(true, shares)
    found = {
        F1_MACRO.name: float(f1),
        F1_MICRO.name: float(f1_score(true, answered, average="micro", zero_division=0)),
    }
    return found | ({AVERAGE_PRECISION.name: sum(each.values()) / len(each)} if each else {})


def average_precisions(true: "numpy.ndarray", shares: "numpy.ndarray") -> dict[int, float]:
    """By the label's place, of those that come among the rows."""
    from sklearn.metrics import average_precision_score

    there = [place for place in range(true.shape[1]) if true[:, place].any()]
    return {place: float(average_precision_score(true[:, place], shares[:, place])) for place in there}


def best_threshold(true: "numpy.ndarray", shares: "numpy.ndarray") -> float:
    """The probability from which on one label is answered, so that its F1 is highest; of several equal ones the
    nearest to one half. It lies between the probabilities of two rows.

    true: (rows,), whether the label is there; at least once. shares: its probability.
    """
    import numpy
    from sklearn.metrics import precision_recall_curve

    precision, recall, starts = precision_recall_curve(true, shares)
    f1 = (2 * precision * recall / numpy.maximum(precision + recall, 1e-12))[:-1]
    below = numpy.concatenate([[0.0], starts[:-1]])  # the next lower probability of a row
    middles = (starts + below) / 2
    best = numpy.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(min(middles[best], key=lambda threshold: abs(threshold - 0.5)))
