"""A recording: spoken into the microphone, dropped or chosen."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import FileInput
from studio.language import _


class AudioInput(FileInput):
    name = "audio"
    label = _("Record something, or drop a recording")
    what_to_do = _("Record something, or drop a recording.")
    many = _("A ZIP of recordings")

    def widget(self, elem_id: str) -> Block:
        return gr.Audio(
            label=self.label,
            type="filepath",
            sources=["microphone", "upload"],
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.upload, widget.stop_recording)
