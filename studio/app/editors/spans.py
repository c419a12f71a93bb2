"""Marked pieces of a text: the text with its marks written into it, as [Anna](person)."""

import json
import re
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.data.fields.spans import Span, read_spans
from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _

FORM = "[Anna]\u2060(person)"  # without the word joiner Gradio makes a link of it
# a mark, or a letter behind a backslash, or any other letter
PART = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\(((?:[^()\\]|\\.)*)\)|\\(.)|(.)", re.DOTALL)


class SpansEditor(Editor):
    name = "spans"

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(
            label=_("The right marks"),
            info=_("A marked piece is written {form}. Add, change or remove marks; the words stay.", form=FORM),
            lines=5,
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def shown(self, example: Example) -> dict[str, Any]:
        try:
            spans = read_spans(example.cell)
        except StudioError:  # by a run file, say: it begins without marks
            spans = []
        return gr.update(visible=True, value=with_marks(example.over, spans))

    def cell(self, value: Any, example: Example) -> str:
        words, spans = without_marks(str(value or ""))
        lines, places = as_typed(example.over)
        if words != lines:
            raise StudioError(
                _("The words of the text were changed."),
                _("The marks alone can be corrected here: the model sees the text as the data has it."),
                _("Put the words back, or choose the row again to begin anew."),
            )
        moved = [Span(places[span.start], places[span.end - 1] + 1, span.label).as_dict() for span in spans]
        return encodable(json.dumps(moved, ensure_ascii=False))


def with_marks(text: str, spans: Sequence[Span]) -> str:
    """The text with [words](label) for each piece; brackets and backslashes of its own get a backslash in front."""
    parts, done = [], 0
    for span in spans:
        words, label = _escaped(text[span.start : span.end], r"[\[\]\\]"), _escaped(span.label, r"[()\\]")
        parts += [_escaped(text[done : span.start], r"[\[\]\\]"), f"[{words}]({label})"]
        done = span.end
    return "".join(parts) + _escaped(text[done:], r"[\[\]\\]")


def without_marks(written: str) -> tuple[str, list[Span]]:
    """The text and its pieces; a mark round nothing is none."""
    text, spans = "", []
    for words, label, behind_a_backslash, letter in PART.findall(written):
        start, text = len(text), text + (_unescaped(words) + behind_a_backslash + letter)
        if words:
            spans.append(Span(start, len(text), _unescaped(label).strip()))
    return text, spans


def as_typed(text: str) -> tuple[str, list[int]]:
    """The text as a browser's field gives it back, whose line ends are all alike, and where each letter stands."""
    places = [place for place, letter in enumerate(text) if letter != "\r" or text[place + 1 : place + 2] != "\n"]
    return "".join("\n" if text[place] == "\r" else text[place] for place in places), places


def _escaped(text: str, letters: str) -> str:
    return re.sub(letters, r"\\\g<0>", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
