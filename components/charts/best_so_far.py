"""How the best value of a search grew, as HTML text: a point for each trial, and the best of them so far as a line."""

from collections.abc import Callable, Sequence

from components.words import _, escape

WIDTH, HEIGHT, MARGIN = 480, 140, 8


def best_so_far_html(
    values: Sequence[float], best: Sequence[float], title: str, written: Callable[[float], str]
) -> str:
    """values: of the trials, in their order. best: for each of them the best until then. written: a value in words."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)

    def place(at: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low) if high > low else 0.5
        return MARGIN + at * step, HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    line: list[str] = []
    for at, value in enumerate(best):
        x, y = place(at, value)
        line += [f"{x:.1f},{line[-1].partition(',')[2]}"] if line else []  # level until a better one comes
        line.append(f"{x:.1f},{y:.1f}")
    points = "".join(
        '<circle class="ui-sweep-point" cx="{:.1f}" cy="{:.1f}" r="3.5"></circle>'.format(*place(at, value))
        for at, value in enumerate(values)
    )
    described = _(
        "{title}: {first} after the first trial, {last} after {n}.",
        title=title,
        first=written(best[0]),
        last=written(best[-1]),
        n=len(values),
    )
    return (
        f'<figure class="ui-sweep-figure"><figcaption>{escape(title)}'
        f"<span>{escape(_('{low} to {high}', low=written(low), high=written(high)))}</span></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(described)}">{points}'
        f'<polyline class="ui-curve-line" points="{" ".join(line)}"></polyline></svg>'
        f'<div class="ui-curve-axis"><span>{escape(_("first trial"))}</span>'
        f"<span>{escape(_('last trial'))}</span></div></figure>"
    )
