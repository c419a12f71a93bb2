"""An image, dropped or chosen."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import FileInput
from studio.language import _


class ImageInput(FileInput):
    name = "image"
    label = _("Drop an image")
    what_to_do = _("Drop an image.")
    many = _("A ZIP of images")

    def widget(self, elem_id: str) -> Block:
        return gr.Image(
            label=self.label,
            type="filepath",
            image_mode=None,  # as RGB, what is transparent would come black; the model is shown white
            interactive=True,
            visible=False,
            elem_id=elem_id,
            height=280,
        )

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.upload,)
