"""A small curve as HTML text: one line over an axis from beginning to end, with its peak and its ends in words."""

from collections.abc import Sequence

from components.words import _, escape

WIDTH, HEIGHT, MARGIN = 320, 72, 4


def curve_html(values: Sequence[float], title: str, begin: str, end: str, note: str = "") -> str:
    """values: at even distances, none below zero. title: what is drawn, for those who cannot see it too.

    begin, end: labels of the axis. note: a sentence below.
    """
    if len(values) < 2:
        return ""
    top = max(values) or 1.0
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    points = [
        (MARGIN + index * step, HEIGHT - MARGIN - value / top * (HEIGHT - 2 * MARGIN))
        for index, value in enumerate(values)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    floor = HEIGHT - MARGIN
    described = _(
        "{title}: begins at {first:.2g}, peaks at {top:.2g}, ends at {last:.2g}.",
        title=title,
        first=values[0],
        top=top,
        last=values[-1],
    )
    peak = _("peak {top:.2g}", top=top)
    below = f'<p class="ui-curve-note">{escape(note)}</p>' if note else ""
    return (
        f'<figure class="ui-curve"><figcaption>{escape(title)}<span>{escape(peak)}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(described)}">'
        f'<polygon class="ui-curve-area" points="{MARGIN},{floor} {line} {WIDTH - MARGIN},{floor}"></polygon>'
        f'<polyline class="ui-curve-line" points="{line}"></polyline></svg>'
        f'<div class="ui-curve-axis"><span>{escape(begin)}</span><span>{escape(end)}</span></div>{below}</figure>'
    )
