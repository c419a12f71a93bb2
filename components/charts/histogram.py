"""A histogram as HTML text, with markers for single numbers."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from components.words import _, escape, number, spoken

BINS = 24
TITLE = _("Numbers")


class Marker(NamedTuple):
    """A number among the others. kind: its colour: the one that matters, another one, or the one that is right."""

    value: float
    title: str
    kind: Literal["value", "other", "right"] = "value"


def histogram_html(
    values: Sequence[float], markers: Sequence[Marker] = (), title: str = TITLE, bins: int = BINS
) -> str:
    """Bars of equal width from the smallest number to the largest, and a line for each marker; "" without numbers."""
    numbers = [float(value) for value in values if math.isfinite(value)]
    marked = [marker for marker in markers if math.isfinite(marker.value)]
    everything = [*numbers, *(marker.value for marker in marked)]
    if not everything:
        return ""
    low, high = min(everything), max(everything)
    width = (high - low) or 1.0
    counts = [0] * bins
    for each in numbers:
        counts[min(bins - 1, int((each - low) / width * bins))] += 1
    most = max(counts) or 1
    bars = "".join(f'<i style="height:{100 * count / most:.1f}%"></i>' for count in counts)
    lines = "".join(
        f'<b class="ui-histogram-marker ui-marker-{kind}" style="left:{100 * (value - low) / width:.2f}%"></b>'
        for value, _title, kind in marked
    )
    ends = _("{title}: {low} to {high}", title=title, low=short_number(low), high=short_number(high))
    described = "; ".join(
        [ends, *(f"{spoken(marker.title)} {spoken(short_number(marker.value))}" for marker in marked)]
    )
    legend = "".join(
        f'<span><i class="ui-line ui-marker-{marker.kind}" aria-hidden="true"></i>{escape(marker.title)} '
        f"{escape(short_number(marker.value))}</span>"
        for marker in marked
    )
    return (
        f'<figure class="ui-histogram">{f"<div class=ui-chart-legend>{legend}</div>" if legend else ""}'
        f'<div class="ui-histogram-bars" role="img" aria-label="{escape(described)}">{bars}{lines}</div>'
        f'<figcaption class="ui-curve-axis"><span>{escape(short_number(low))}</span><span>{escape(title)}</span>'
        f"<span>{escape(short_number(high))}</span></figcaption></figure>"
    )


def short_number(value: float) -> str:
    """12, 0.0371, 1,234, 5.2e+09: four significant digits."""
    if not math.isfinite(value):
        return _("not defined")
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
        text = f"{value:,.{min(digits, 8)}f}"
        digits = len(text.rstrip("0").partition(".")[2])
        return number(value, f",.{digits}f")
    return number(value, ".3g")
