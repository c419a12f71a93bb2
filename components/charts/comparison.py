"""Curves of several runs over each other."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.scripts import script
from components.words import _

NOTHING = _("Nothing to compare yet.")


class Curve(TypedDict, total=False):
    name: str
    points: Sequence[Sequence[float]]  # [[x, y], ...]
    dash: str  # "solid" (the default), "dash", "dot"
    stretch: int  # of a noisy curve, which is smoothed as the live chart does: how many points of that one stands for


class CurvesValue(TypedDict, total=False):
    series: Sequence[Curve]
    title: str
    x_title: str
    y_title: str
    percent: bool  # whether 1.0 means 100%


class CurveComparison(Element):
    """Overlaid curves with zoom; a click on a name hides or shows its curve. Eight colours, then dashes.

    Where the mouse points at a step, every other comparison of the page shows the same step.
    """

    def __init__(self, value: CurvesValue | None = None, *, nothing: str = NOTHING, **settings: Any):
        super().__init__(
            value=value,
            html_template='<div class="ui-comparison"></div>',
            js_on_load=script("plot", "series", "comparison"),
            apply_default_css=False,
            nothing=nothing,
            **settings,
        )
