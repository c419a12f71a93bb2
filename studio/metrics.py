"""Every metric that a task may report: its name, its direction, and how it is shown."""

import math
from dataclasses import dataclass

from studio.registry import Registry


@dataclass(frozen=True)
class Metric:
    """title: what people call it. sentence: what it says, in plain words. percent: a share, shown as percent.

    said: what a value says of the model, with {} for it, where there are plainer words for that than the title.
    """

    name: str
    title: str
    sentence: str
    higher_is_better: bool = True
    percent: bool = True
    said: str = ""

    @property
    def in_sentence(self) -> str:
        """The title in the middle of a sentence: typical error (RMSE), but F1."""
        return self.title[0].lower() + self.title[1:] if self.title[1:2].islower() else self.title

    def is_better(self, candidate: float, best: float, by_more_than: float = 0.0) -> bool:
        """Whether `candidate` beats `best` by more than `by_more_than`, in this metric's own direction."""
        gain = candidate - best if self.higher_is_better else best - candidate
        return gain > by_more_than

    def text(self, value: float) -> str:
        """The value as people read it: 98.3 %, or three significant digits."""
        if not math.isfinite(value):
            return "not defined"
        return f"{100 * value:.1f} %" if self.percent else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _error(name: str, title: str, sentence: str, said: str = "") -> Metric:
    return Metric(name, title, sentence, higher_is_better=False, percent=False, said=said)


METRICS: Registry[Metric] = Registry(
    "metric",
    Metric("accuracy", "Accuracy", "share of right answers", said="the model now gets {} right"),
    Metric("f1_macro", "F1 (macro)", "precision and recall in one; every class counts the same"),
    Metric("precision_macro", "Precision (macro)", "how often a class is right when it is named"),
    Metric("recall_macro", "Recall (macro)", "how much of each class is found"),
    Metric("f1", "F1", "precision and recall in one"),
    Metric("precision", "Precision", "how much of what was found is right"),
    Metric("recall", "Recall", "how much of what is there was found"),
    Metric("map", "Mean average precision (mAP)", "how well objects are found and framed; tight frames count more"),
    Metric("map_50", "mAP at 50 % overlap", "how well objects are found, where a frame may be off by half"),
    Metric("recall_100", "Recall (at most 100 boxes)", "share of the objects that are found"),
    _error(
        "rmse",
        "Typical error (RMSE)",
        "how far answers are off, in the unit of the numbers; large errors count more, and lower is better",
        said="the model's answers are typically off by {} (RMSE)",
    ),
    _error(
        "mae", "Mean error (MAE)", "how far answers are off on average, in the unit of the numbers; lower is better"
    ),
    Metric("r2", "Explained variance (R²)", "1 is perfect, 0 no better than always answering the mean", percent=False),
    Metric("spearman", "Rank correlation (Spearman)", "whether larger answers go with larger values", percent=False),
    _error("loss", "Loss", "how wrong the answers are, as training counts it; lower is better"),
)


def metric_named(name: str) -> Metric:
    """The metric as a log or a file names it. One that another version knew is shown as it is written."""
    return METRICS[name] if name in METRICS else Metric(name, name.replace("_", " "), "", percent=False)
