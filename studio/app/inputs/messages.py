"""Messages, typed: a question, or a conversation with "User:" and "Assistant:" in front of what was said."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import Input
from studio.data.fields.messages import as_transcript, read_messages
from studio.data.importing import Imported
from studio.language import _


class MessagesInput(Input):
    name = "messages"
    label = _("Your message")
    what_to_do = _("Type a question.")
    many = _("A table with a question in each row (CSV, Excel, ...)")

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(label=self.label, lines=4, interactive=True, visible=False, elem_id=elem_id)

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.submit,)

    def of_example(self, cell: str, imported: Imported | None) -> str:
        return as_transcript(read_messages(cell))
