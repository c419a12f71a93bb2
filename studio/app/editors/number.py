"""A number: a field for one."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.data.numbers import read_number
from studio.language import _

DIGITS = 15  # of a number, as many as a float keeps


class NumberEditor(Editor):
    name = "number"

    def widget(self, elem_id: str) -> Block:
        return gr.Number(label=_("The right number"), interactive=True, visible=False, elem_id=elem_id)

    def shown(self, example: Example) -> dict[str, Any]:
        return gr.update(visible=True, value=read_number(example.cell))

    def cell(self, value: Any, example: Example) -> str:
        number = read_number(value)
        return "" if number is None else f"{number:.{DIGITS}g}"
