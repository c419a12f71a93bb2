"""Answers from a passage: a line each, in the passage's own words."""

import json
import re
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.data.fields.answers import Quote, read_answers
from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _


class AnswersEditor(Editor):
    name = "answers"

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(
            label=_("The right answers"),
            info=_("One a line, in the very words of the passage; empty where it holds no answer."),
            lines=2,
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def shown(self, example: Example) -> dict[str, Any]:
        return gr.update(visible=True, value="\n".join(_line(quote.text) for quote in quotes_of(example)))

    def cell(self, value: Any, example: Example) -> str:
        """A line that stood there already is the same answer at the same place."""
        known = {_line(quote.text): quote for quote in quotes_of(example)}
        lines = dict.fromkeys(filter(None, map(_line, str(value or "").splitlines())))
        found = [known.get(line) or find(line, example.over) for line in lines]
        return encodable(json.dumps([quote.as_dict() for quote in found], ensure_ascii=False))


def quotes_of(example: Example) -> list[Quote]:
    try:
        return read_answers(example.cell)
    except StudioError:  # by a run file, say: it begins without one
        return []


def find(line: str, passage: str) -> Quote:
    """The first place where these words stand, whatever is between them. Raises StudioError where they do not."""
    words, places = in_one_line(passage)
    start = words.find(line)
    if start < 0:
        start = same_case(words).find(same_case(line))
    if start < 0:
        raise StudioError(
            _("The answer '{answer}' does not stand in the passage.", answer=line[:80]),
            _("This task marks words of the passage; it cannot learn an answer in other words."),
            _("Copy the answer from the passage."),
        )
    first, last = places[start], places[start + len(line) - 1]
    return Quote(passage[first : last + 1], first)


def in_one_line(text: str) -> tuple[str, list[int]]:
    """The words with a space between them, and where in the text each letter of that stands."""
    words, places = list[str](), list[int]()
    for word in re.finditer(r"\S+", text):
        words.append(word.group())
        places += range(word.start(), word.end() + 1)
    return " ".join(words), places


def same_case(text: str) -> str:
    """With as many letters as before."""
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _line(text: str) -> str:
    return " ".join(text.split())
