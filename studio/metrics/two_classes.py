"""How good a test for one of two classes is (scikit-learn). Youden 1950 for the point of operation."""

from typing import TYPE_CHECKING

from studio.language import _
from studio.metrics.base import Metric

if TYPE_CHECKING:
    import numpy

ROC_AUC = Metric(
    "roc_auc",
    _("Area under the ROC curve"),
    _("how often one of the class gets a higher probability than one of the other; 50 % is chance"),
)
SENSITIVITY = Metric("sensitivity", _("Sensitivity"), _("share of the class that is found"))
SPECIFICITY = Metric("specificity", _("Specificity"), _("share of the others that raise no false alarm"))


def two_class_metrics(true: "numpy.ndarray", shares: "numpy.ndarray", threshold: float) -> dict[str, float]:
    """true: whether each row is of the class, with rows of both. shares: its probability. threshold: from which on the
    class is answered."""
    from sklearn.metrics import roc_auc_score

    found = shares >= threshold
    return {
        ROC_AUC.name: float(roc_auc_score(true, shares)),
        SENSITIVITY.name: float(found[true].mean()),
        SPECIFICITY.name: float((~found[~true]).mean()),
    }


def operating_threshold(true: "numpy.ndarray", shares: "numpy.ndarray") -> float:
    """Where sensitivity + specificity is highest (Youden's J); half way between the neighbouring probabilities, so
    that it stands for both."""
    import numpy
    from sklearn.metrics import roc_curve

    false_alarms, found, thresholds = roc_curve(true, shares, drop_intermediate=False)
    best = int(numpy.argmax(found - false_alarms))
    upper = min(1.0, float(thresholds[best]))
    lower = float(thresholds[best + 1]) if best + 1 < len(thresholds) else 0.0
    return (upper + lower) / 2
