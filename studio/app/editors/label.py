"""One class of a few: chosen from a list."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.language import _


class LabelEditor(Editor):
    name = "label"

    def widget(self, elem_id: str) -> Block:
        return gr.Dropdown(label=_("The right label"), interactive=True, visible=False, elem_id=elem_id)

    def shown(self, example: Example) -> dict[str, Any]:
        """What the model said first: where the data is wrong, that is often right."""
        value = example.cell if example.is_corrected else str(example.answer)
        return gr.update(visible=True, choices=list(dict.fromkeys([*example.classes, value])), value=value)
