"""A text, typed."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import Input
from studio.language import _


class TextInput(Input):
    name = "text"
    label = _("Type something")
    what_to_do = _("Type a sentence.")
    many = _("A table with a text in each row (CSV, Excel, ...)")

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(label=self.label, lines=4, interactive=True, visible=False, elem_id=elem_id)

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.submit,)
