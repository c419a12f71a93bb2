"""How good one class for each example is (scikit-learn).

Macro averages run over the classes that occur among the rows or were answered, as scikit-learn does.
"""

from collections.abc import Mapping

from studio.language import _
from studio.metrics.base import Metric

ACCURACY = Metric(
    "accuracy",
    _("Accuracy"),
    _("share of correct answers"),
    said=_("On the validation examples, the model now gets {value} right."),
)
F1_MACRO = Metric("f1_macro", _("F1 (macro)"), _("precision and recall in one; every class counts the same"))
PRECISION_MACRO = Metric("precision_macro", _("Precision (macro)"), _("how often a class is right when it is named"))
RECALL_MACRO = Metric("recall_macro", _("Recall (macro)"), _("how much of each class is found"))


def class_metrics(counts: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """counts: how often (true class, answered class) came; not empty."""
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    pairs = sorted(counts)
    true, answered = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    weights = [counts[pair] for pair in pairs]
    macro = precision_recall_fscore_support(true, answered, average="macro", zero_division=0, sample_weight=weights)
    return {
        ACCURACY.name: float(accuracy_score(true, answered, sample_weight=weights)),
        PRECISION_MACRO.name: float(macro[0]),
        RECALL_MACRO.name: float(macro[1]),
        F1_MACRO.name: float(macro[2]),
    }
