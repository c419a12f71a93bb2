"""A measure of how good answers are: its name, its direction, and how it is shown."""

import math
from dataclasses import dataclass

from studio.language import _, in_percent


@dataclass(frozen=True)
class Metric:
    """title: what people call it. sentence: what it says, in plain words. percent: a share, shown as percent.

    said: what a {value} on the validation examples says of the model, where there are plainer words for it.
    """

    name: str
    title: str
    sentence: str
    higher_is_better: bool = True
    percent: bool = True
    said: str = ""

    def is_better(self, candidate: float, best: float, by_more_than: float = 0.0) -> bool:
        """Whether `candidate` beats `best` by more than `by_more_than`, in this metric's own direction."""
        gain = candidate - best if self.higher_is_better else best - candidate
        return gain > by_more_than

    def text(self, value: float) -> str:
        """The value as people read it: 98.3%, or three significant digits."""
        if not math.isfinite(value):
            return _("not defined")
        if self.percent:
            return in_percent(value, digits=1)
        return _("{value:.3g}", value=value) if abs(value) < 1000 else _("{value:,.0f}", value=value)

    def brief(self, value: float) -> str:
        """The same without digits that few examples do not have: 98%."""
        return in_percent(value) if self.percent and math.isfinite(value) else self.text(value)

    def told(self, value: float) -> str:
        """What the value on the validation examples says of the model now."""
        if self.said:
            return _(self.said, value=self.brief(value))
        return _(
            "On the validation examples, {metric} is now {value} ({meaning}).",
            metric=self.title,
            value=self.brief(value),
            meaning=self.sentence,
        )


def error(name: str, title: str, sentence: str, said: str = "") -> Metric:
    """A metric that is the better the lower it is, and no share."""
    return Metric(name, title, sentence, higher_is_better=False, percent=False, said=said)
