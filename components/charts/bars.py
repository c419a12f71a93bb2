"""Horizontal bars as HTML text: shares with another value beside them, and stacked counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.words import _, escape, in_percent, number, spoken

SHOWN = 8  # rows before the rest is folded away
PARTS = 4  # colours for the parts of a stacked bar
SPLITS = (("train", _("train")), ("validation", _("validation")), ("test", _("test")))


def bars_html(
    rows: Sequence[Mapping[str, Any]],
    value_title: str = "",
    other_title: str = "",
    percent: bool = True,
    shown: int = SHOWN,
    threshold_title: str = "",
) -> str:
    """Bars of `value`, each with a thinner bar of `other` under it where given, largest value first.

    rows: [{"label": str, "value": float, "other": float or None, perhaps "threshold": a line across the bar there, and
        "leading": whether it stands out, else the first does}]; with `percent` 1.0 means 100%, and the bar's full
        width; without, the largest number has the full width.
    The numbers stand beside the bars as text, so nothing depends on seeing their length or colour.
    """
    ordered = sorted(rows, key=lambda row: -row["value"])
    numbers = [each for row in ordered for each in (row["value"], row.get("other")) if each is not None]
    full = 1.0 if percent else max((abs(each) for each in numbers), default=1.0) or 1.0
    has_other = any(row.get("other") is not None for row in ordered)
    titles = [(value_title, "value")] + ([(other_title, "other")] if has_other else [])
    named = [(title, f"ui-bar-{kind}") for title, kind in titles if title] if has_other else []
    named += [(threshold_title, "ui-bar-threshold")] if threshold_title else []
    legend = _legend(named) if named else ""
    lines = [
        _bar(row, full, percent, value_title, other_title, leading=row.get("leading", not at))
        for at, row in enumerate(ordered)
    ]
    return f'<div class="ui-bars">{legend}{_folded(lines, shown)}</div>'


def counts_html(
    rows: Sequence[Mapping[str, Any]],
    parts: Sequence[tuple[str, str]] = SPLITS,
    shown: int = 12,
) -> str:
    """Stacked counts per label, largest first: [{"label": str, key of a part: int, ...}], `parts` as (key, title)."""

    def total(row: Mapping[str, Any]) -> int:
        return sum(int(row.get(key) or 0) for key, _title in parts)

    ordered = sorted(rows, key=lambda row: -total(row))
    most = max((total(row) for row in ordered), default=1) or 1
    lines = []
    for row in ordered:
        pieces = "".join(
            f'<span class="ui-stack-part ui-part-{at % PARTS}" style="width:{100 * int(row[key]) / most:.2f}%"></span>'
            for at, (key, _title) in enumerate(parts)
            if row.get(key)
        )
        counts = escape(", ".join(f"{spoken(title)} {number(int(row.get(key) or 0))}" for key, title in parts))
        label = escape(str(row["label"]))
        lines.append(
            f'<li class="ui-bar-row ui-count-row" title="{label}: {counts}">'
            f'<span class="ui-bar-label">{label}</span>'
            f'<span class="ui-stack" aria-hidden="true">{pieces}</span>'
            f'<span class="ui-bar-number">{escape(number(total(row)))}'
            f'<span class="ui-sr-only">: {counts}</span></span></li>'
        )
    used = [
        (title, f"ui-part-{at % PARTS}") for at, (key, title) in enumerate(parts) if any(row.get(key) for row in rows)
    ]
    return f'<div class="ui-bars">{_legend(used) if len(used) > 1 else ""}{_folded(lines, shown)}</div>'


def _bar(row: Mapping[str, Any], full: float, percent: bool, title: str, other_title: str, leading: bool) -> str:
    label = escape(str(row["label"]))
    other = row.get("other")
    below = ""
    if other is not None:
        below = (
            f'<span class="ui-bar-track ui-bar-track-thin" aria-hidden="true"><span class="ui-bar-fill ui-bar-other" '
            f'style="width:{_width(other, full):.2f}%"></span></span>'
            f'<span class="ui-bar-number ui-bar-number-other"><span class="ui-sr-only">{escape(other_title)} </span>'
            f"{escape(_number(other, percent))}</span>"
        )
    line = ""
    if row.get("threshold") is not None:
        place = min(99.5, _width(row["threshold"], full))
        line = f'<span class="ui-bar-threshold" style="inset-inline-start:{place:.2f}%"></span>'
    mark, told = " ui-bar-leading" if leading else "", escape(_number(row["value"], percent))
    return (
        f'<li class="ui-bar-row{mark}"><span class="ui-bar-label" title="{label}">{label}</span>'
        '<span class="ui-bar-lines"><span class="ui-bar-track" aria-hidden="true">'
        '<span class="ui-bar-fill ui-bar-value" '
        f'style="width:{_width(row["value"], full):.2f}%"></span>{line}</span><span class="ui-bar-number">'
        f'<span class="ui-sr-only">{escape(title)} </span>{told}</span>{below}</span></li>'
    )


def _width(value: float, full: float) -> float:
    return min(100.0, max(0.0, 100.0 * abs(value) / full))


def _number(value: float, percent: bool) -> str:
    if percent:
        return in_percent(value)
    return number(value, ".3g" if isinstance(value, float) and abs(value) < 1000 else ",.0f")


def _legend(items: Sequence[tuple[str, str]]) -> str:
    parts = "".join(
        f'<span><i class="ui-swatch {kind}" aria-hidden="true"></i>{escape(text)}</span>' for text, kind in items
    )
    return f'<div class="ui-chart-legend">{parts}</div>'


def _folded(lines: Sequence[str], shown: int) -> str:
    """The first lines, the rest behind "show all"; up to three more are not worth folding."""
    if len(lines) <= shown + 3:
        return f'<ul class="ui-bar-list">{"".join(lines)}</ul>'
    everything = escape(_("Show all {count:,}", count=len(lines)))
    return (
        f'<ul class="ui-bar-list">{"".join(lines[:shown])}</ul><details class="ui-bar-more">'
        f"<summary>{everything}</summary>"
        f'<ul class="ui-bar-list">{"".join(lines[shown:])}</ul></details>'
    )
