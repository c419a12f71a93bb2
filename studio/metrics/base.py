"""A measure of how good answers are: its name, its direction, and how it is shown."""

import math
from dataclasses import dataclass


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


def error(name: str, title: str, sentence: str, said: str = "") -> Metric:
    """A metric that is the better the lower it is, and no share."""
    return Metric(name, title, sentence, higher_is_better=False, percent=False, said=said)
