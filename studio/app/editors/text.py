"""A text: changed as it stands."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.language import _


class TextEditor(Editor):
    name = "text"

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(label=_("The right text"), lines=4, interactive=True, visible=False, elem_id=elem_id)

    def shown(self, example: Example) -> dict[str, Any]:
        return gr.update(visible=True, value=example.cell)
