"""What more of one thing brings of another, as HTML text: points over a logarithmic axis, a few of them by name.

Places are percentages, so that the plane fits any width and its words keep their size.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.words import _, escape, in_percent

ROOM = 0.08  # of the range, left free at each side
NEAR_X, NEAR_Y = 24.0, 8.0  # percent of the plane that a name takes up: where another stands so near, none is written


@dataclass(frozen=True)
class Point:
    """error: of y, either way. name: written beside it where there is room; of several, the first ones get theirs.

    x_words, y_words: the values as they are told.
    """

    title: str
    x: float
    y: float
    error: float
    x_words: str
    y_words: str
    is_named: bool = False
    is_chosen: bool = False


@dataclass(frozen=True)
class Axis:
    low: float
    high: float

    def place(self, value: float) -> float:
        """In percent of the plane."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def tradeoff_html(points: Sequence[Point], title: str, x_title: str, y_title: str, note: str = "") -> str:
    """x: a share above 0, drawn logarithmically. y: a share. title: for those who cannot see it. note: below."""
    if not points:
        return ""
    across = _axis(math.log10(point.x) for point in points)
    up = _axis(edge for point in points for edge in (point.y - point.error, point.y + point.error))
    best = max(points, key=lambda point: point.y)
    described = _("{title}. The best is {name} with {value}.", title=title, name=best.title, value=best.y_words)
    named = _named(points, across, up)
    drawn = "".join(_point(point, across, up, point in named) for point in points)
    below = f'<figcaption class="ui-curve-note">{escape(note)}</figcaption>' if note else ""
    axes = _("Upwards: {y_title}. To the right: {x_title}.", y_title=y_title, x_title=x_title)
    return (
        f'<figure class="ui-tradeoff"><div class="ui-figure-axes">{escape(axes)}</div>'
        f'<div class="ui-tradeoff-plane" role="img" aria-label="{escape(described)}">'
        f"{_lines(across, up)}{drawn}</div>{below}</figure>"
    )


def _axis(values: Iterable[float]) -> Axis:
    known = list(values)
    room = ROOM * ((max(known) - min(known)) or 1.0)
    return Axis(min(known) - room, max(known) + room)


def _named(points: Sequence[Point], across: Axis, up: Axis) -> list[Point]:
    """Whose names have room: the chosen one's, then as they come."""
    written: list[Point] = []
    offered = [point for point in points if point.is_named or point.is_chosen]
    for point in sorted(offered, key=lambda each: not each.is_chosen):
        if all(not _is_near(point, other, across, up) for other in written):
            written.append(point)
    return written


def _is_near(one: Point, other: Point, across: Axis, up: Axis) -> bool:
    beside = abs(across.place(math.log10(one.x)) - across.place(math.log10(other.x))) < NEAR_X
    return beside and abs(up.place(one.y) - up.place(other.y)) < NEAR_Y


def _point(point: Point, across: Axis, up: Axis, is_named: bool) -> str:
    left, bottom = across.place(math.log10(point.x)), up.place(point.y)
    low, high = up.place(point.y - point.error), up.place(point.y + point.error)
    told = _("{title}: {y}, trains {x}", title=point.title, y=point.y_words, x=point.x_words)
    side = " ui-tradeoff-left" if left > 60 else ""
    chosen = " ui-tradeoff-chosen" if point.is_chosen else ""
    place = f'style="left:{left}%;bottom:{bottom}%"'
    name = f'<span class="ui-tradeoff-name{side}{chosen}" {place}>{escape(point.title)}</span>' if is_named else ""
    return (
        f'<i class="ui-tradeoff-error" style="left:{left}%;bottom:{low}%;height:{high - low:.2f}%"></i>'
        f'<span class="ui-tradeoff-point{chosen}" {place} title="{escape(told)}"></span>{name}'
    )


def _lines(across: Axis, up: Axis) -> str:
    powers = [power for power in range(math.ceil(across.low), math.floor(across.high) + 1) if power <= 0]
    upright = [(_share(10.0**power), across.place(power)) for power in powers]
    step = next(size for size in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if (up.high - up.low) / size <= 6)
    first, last = math.ceil(up.low / step), math.floor(up.high / step)
    flat = [(_share(number * step), up.place(number * step)) for number in range(first, last + 1)]
    return "".join(
        f'<span class="ui-tradeoff-{kind}" style="{side}:{place}%"><i>{escape(words)}</i></span>'
        for kind, side, lines in (("x", "left", upright), ("y", "bottom", flat))
        for words, place in lines
    )


def _share(value: float) -> str:
    return in_percent(value, 0 if round(value, 4) == round(value, 2) else 1)
