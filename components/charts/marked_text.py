"""A text with marked pieces, each with its label written behind it: colour alone would not distinguish them."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.words import escape, number, spoken

COLOURS = 8


def marked_html(text: str, pieces: Sequence[Mapping[str, Any]], labels: Sequence[str] = ()) -> str:
    """pieces: [{"start", "end", "label", perhaps "note"}], characters of the text counted from 0, the end not included.

    labels: all that there may be besides those of the pieces, so that a label has the same colour in several texts.
    Where two pieces overlap the one that begins first is drawn; what lies outside of the text is not.
    """
    colours = colours_of([*labels, *(str(piece["label"]) for piece in pieces)])
    parts, done = [], 0
    for piece in sorted(pieces, key=lambda piece: (piece["start"], -piece["end"])):
        start, end = int(piece["start"]), min(int(piece["end"]), len(text))
        if start < done or start >= end:
            continue
        label, note = str(piece["label"]), spoken(piece.get("note") or "")
        parts += [
            escape(text[done:start]),
            f'<mark class="ui-mark ui-colour-{colours[label]}">{escape(text[start:end])}'
            f'<span class="ui-mark-label"> {escape(f"{label} {note}".strip())}</span></mark>',
        ]
        done = end
    return f'<span class="ui-marked">{"".join(parts)}{escape(text[done:])}</span>'


def label_legend(counts: Mapping[str, int | None], labels: Sequence[str] = ()) -> str:
    """Which labels there are, each with its colour and, if given, how often it comes. labels: as in `marked_html`."""
    colours = colours_of([*labels, *counts])
    items = "".join(
        f'<span title="{escape(label)}"><i class="ui-swatch ui-colour-{colours[label]}" aria-hidden="true"></i>'
        f"{escape(label)}{'' if count is None else f' {escape(number(count))}'}</span>"
        for label, count in counts.items()
    )
    return f'<div class="ui-chart-legend">{items}</div>'


def colours_of(labels: Sequence[str] | Mapping[str, Any]) -> dict[str, int]:
    """Label -> the number of its colour; the same whatever their order."""
    return {label: number % COLOURS for number, label in enumerate(sorted(set(labels)))}
