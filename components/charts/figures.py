"""Figures under each other, however many: a matrix, points, bars, rows; choosing an item fires an event."""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

from components.element import Element
from components.scripts import script
from components.words import _

CHARTS = ("matrix", "points", "line", "bars", "rows")
NOTHING = _("No results yet.")


class Figure(TypedDict):
    """chart: which one draws it, from the keys that belong to it. A mark is the word sent when its item is chosen;
    items without one cannot be chosen.

    matrix: labels, counts and marks as lists of lists (row by row), row_title, column_title.
    points: points [{"x", "y", "mark", perhaps "count"}], x_title, y_title; diagonal: both axes alike, with x = y.
    line: points [{"x", "y"}] between 0 and 1, x_title, y_title; places on it [{"x", "y", "title"}]; level: of chance;
        reference: what that line says, if it is not what chance gives.
    bars: bars [{"title", "value", "mark", perhaps "text"}]; upright: columns in their order, for a histogram.
    rows: columns [{"key", "title", "kind"}], rows [{key: value, "mark"}].
    """

    chart: Literal["matrix", "points", "line", "bars", "rows"]
    title: str
    labels: NotRequired[Sequence[str]]
    counts: NotRequired[Sequence[Sequence[int]]]
    marks: NotRequired[Sequence[Sequence[str]]]
    row_title: NotRequired[str]
    column_title: NotRequired[str]
    points: NotRequired[Sequence[dict[str, Any]]]
    x_title: NotRequired[str]
    y_title: NotRequired[str]
    diagonal: NotRequired[bool]
    places: NotRequired[Sequence[dict[str, Any]]]
    level: NotRequired[float | None]
    reference: NotRequired[str]
    bars: NotRequired[Sequence[dict[str, Any]]]
    upright: NotRequired[bool]
    columns: NotRequired[Sequence[dict[str, str]]]
    rows: NotRequired[Sequence[dict[str, Any]]]


class FiguresValue(TypedDict):
    figures: Sequence[Figure]
    chosen: str | None  # the mark of what is chosen


class Figures(Element):
    """Fires `select` with {"mark"}.

    Each figure is one stop of the tab key; arrow keys move inside it, Enter or space chooses. opens: the elem_id of
    what shows the choice: it is scrolled into view where it is not.
    """

    def __init__(
        self, value: FiguresValue | None = None, *, nothing: str = NOTHING, opens: str = "", **settings: Any
    ) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-figures"></div>',
            js_on_load=script(*(f"figure_{chart}" for chart in CHARTS), "figures"),
            apply_default_css=False,
            nothing=nothing,
            opens=opens,
            **settings,
        )
