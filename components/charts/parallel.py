"""Parallel coordinates as HTML text: an upright axis for each setting and for the result, and a line for each trial."""

from collections.abc import Sequence
from typing import TypedDict

from components.words import _, escape

BETWEEN, HEIGHT, TOP, BOTTOM, SIDE = 180, 200, 40, 22, 90


class Axis(TypedDict):
    title: str
    low: str  # what stands at its foot
    high: str


class Trace(TypedDict):
    """places: on each axis, as shares from its foot. worth: 0 for the worst, 1 for the best, which stands out."""

    places: Sequence[float]
    worth: float
    words: str


def parallel_html(axes: Sequence[Axis], traces: Sequence[Trace]) -> str:
    """The better a trial, the stronger its line. Scrolls in itself where there is no room."""
    if len(axes) < 2 or not traces:
        return ""
    width = 2 * SIDE + BETWEEN * (len(axes) - 1)
    described = _("{n} trials over {axes} axes; the same numbers stand in the table.", n=len(traces), axes=len(axes))
    lines = "".join(_line(each) for each in sorted(traces, key=lambda trace: trace["worth"]))
    drawn = "".join(_axis(axis, SIDE + BETWEEN * at) for at, axis in enumerate(axes))
    return (
        f'<div class="ui-sweep-parallel" data-scroll="parallel" tabindex="0" role="region" '
        f'aria-label="{escape(_("Parallel coordinates"))}">'
        f'<svg viewBox="0 0 {width} {TOP + HEIGHT + BOTTOM}" style="min-width:{width}px" role="img" '
        f'aria-label="{escape(described)}">{lines}{drawn}</svg></div>'
    )


def _line(trace: Trace) -> str:
    points = " ".join(
        f"{SIDE + BETWEEN * at},{TOP + (1 - place) * HEIGHT:.1f}" for at, place in enumerate(trace["places"])
    )
    kind = "ui-sweep-trace ui-sweep-trace-best" if trace["worth"] == 1 else "ui-sweep-trace"
    return (
        f'<polyline class="{kind}" points="{points}" style="opacity:{0.15 + 0.85 * trace["worth"] ** 2:.2f}">'
        f"<title>{escape(trace['words'])}</title></polyline>"
    )


def _axis(axis: Axis, x: float) -> str:
    def text(words: str, y: float) -> str:
        return f'<text x="{x}" y="{y}" text-anchor="middle">{escape(words)}</text>'

    ends = text(axis["high"], TOP - 6) + text(axis["low"], TOP + HEIGHT + 14)
    title = f'<text class="ui-sweep-axis-title" x="{x}" y="14" text-anchor="middle">{escape(axis["title"])}</text>'
    return f'<line class="ui-sweep-axis" x1="{x}" x2="{x}" y1="{TOP}" y2="{TOP + HEIGHT}"></line>{ends}{title}'
