"""What each setting of a search had to do with the result, as HTML text: a small chart a setting, a point a trial."""

from collections.abc import Sequence
from typing import TypedDict

from components.words import _, escape

WIDTH, HEIGHT, MARGIN = 240, 120, 9


class SlicePoint(TypedDict):
    """x, y: shares of the axes. words: the trial in words, shown where one points at it."""

    x: float
    y: float
    words: str
    is_best: bool
    is_whole: bool  # not ended early


class Slice(TypedDict):
    """begin, end: labels of the axis."""

    title: str
    begin: str
    end: str
    points: Sequence[SlicePoint]


def slices_html(slices: Sequence[Slice], value_title: str) -> str:
    """value_title: what the upright axis is; more of `y` is higher up."""
    figures = "".join(_figure(each, value_title) for each in slices if each["points"])
    return f'<div class="ui-sweep-slices">{figures}</div>' if figures else ""


def _figure(drawn: Slice, value_title: str) -> str:
    described = _(
        "{setting} and {value} of {n} trials", setting=drawn["title"], value=value_title, n=len(drawn["points"])
    )
    points = "".join(_point(each) for each in sorted(drawn["points"], key=lambda point: point["is_best"]))
    return (
        f'<figure class="ui-sweep-figure"><figcaption>{escape(drawn["title"])}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(described)}">{points}</svg>'
        f'<div class="ui-curve-axis"><span>{escape(drawn["begin"])}</span><span>{escape(drawn["end"])}</span></div>'
        "</figure>"
    )


def _point(point: SlicePoint) -> str:
    x = MARGIN + point["x"] * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - point["y"] * (HEIGHT - 2 * MARGIN)
    kind = "ui-sweep-best" if point["is_best"] else "ui-sweep-point" if point["is_whole"] else "ui-sweep-early"
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{6 if point["is_best"] else 4}"'
    return f'<circle class="{kind}" {place}><title>{escape(point["words"])}</title></circle>'
