"""Messages and headings as HTML text for `gr.HTML`. Every argument is plain text and is escaped here; what is written
from right to left in it is isolated."""

from collections.abc import Sequence
from typing import Literal

from components.icons import icon
from components.words import escape_sentence as escape

Tone = Literal["info", "good", "warning", "bad"]
DRAWINGS: dict[str, str] = {"info": "info", "good": "check", "warning": "warning", "bad": "warning"}
TONES = ("neutral", "accent", *DRAWINGS)


def notice(tone: Tone, title: str, text: str = "", what_to_do: str = "") -> str:
    """What happened, why, and what to do, in a box. Warnings and errors are announced to screen readers."""
    role = "alert" if tone == "bad" else "status"
    parts = [f'<b class="ui-notice-title">{escape(title)}</b>']
    if text:
        parts.append(f'<span class="ui-notice-text">{escape(text)}</span>')
    if what_to_do:
        parts.append(f'<span class="ui-notice-do">{escape(what_to_do)}</span>')
    return (
        f'<div class="ui-notice ui-notice-{tone}" role="{role}">'
        f'<span class="ui-notice-icon">{icon(DRAWINGS[tone])}</span>'
        f'<div class="ui-notice-body">{"".join(parts)}</div></div>'
    )


def heading(title: str, sentence: str = "", level: int = 2) -> str:
    """A heading with one sentence under it; levels 2 (of the page) to 4."""
    below = f"<p>{escape(sentence)}</p>" if sentence else ""
    return f'<div class="ui-heading ui-heading-{level}"><h{level}>{escape(title)}</h{level}>{below}</div>'


def empty(drawing: str, title: str, sentence: str = "") -> str:
    """A placeholder for an empty place: a drawing by name, and what will appear here."""
    below = f"<p>{escape(sentence)}</p>" if sentence else ""
    return (
        f'<div class="ui-empty"><span class="ui-empty-icon">{icon(drawing)}</span><b>{escape(title)}</b>{below}</div>'
    )


def outline(entries: Sequence[tuple[str, str]]) -> str:
    """The steps ahead as a numbered list: (title, sentence) each."""
    items = "".join(f"<li><b>{escape(title)}</b><span>{escape(sentence)}</span></li>" for title, sentence in entries)
    return f'<ol class="ui-outline">{items}</ol>'


def facts(entries: Sequence[tuple[str, str]]) -> str:
    """What is known of something: (title, sentence) each."""
    items = "".join(f"<div><dt>{escape(title)}</dt><dd>{escape(sentence)}</dd></div>" for title, sentence in entries)
    return f'<dl class="ui-facts">{items}</dl>'


def badge(text: str, tone: str = "neutral") -> str:
    """A small label. Tones: neutral, accent, info, good, warning, bad."""
    if tone not in TONES:
        raise ValueError(f"No badge has the tone '{tone}'. There are: {', '.join(TONES)}.")
    return f'<span class="ui-badge ui-badge-{tone}">{escape(text)}</span>'
