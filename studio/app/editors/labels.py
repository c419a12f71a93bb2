"""Any number of labels: boxes to tick."""

import json
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.editors.base import Editor, Example
from studio.data.fields import FIELDS
from studio.data.formats.base import encodable
from studio.language import _


class LabelsEditor(Editor):
    name = "labels"

    def widget(self, elem_id: str) -> Block:
        return gr.CheckboxGroup(
            label=_("The right labels"),
            info=_("Tick all that fit; none is an answer, too."),
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def shown(self, example: Example) -> dict[str, Any]:
        ticked = list(FIELDS[self.name].classes(example.cell))
        return gr.update(visible=True, choices=list(dict.fromkeys([*example.classes, *ticked])), value=ticked)

    def cell(self, value: Any, example: Example) -> str:
        """In the order of the data, so that the same ones are the same cell."""
        ticked = [str(each) for each in value] if isinstance(value, list) else []
        before = [label for label in FIELDS[self.name].classes(example.cell) if label in ticked]
        return encodable(json.dumps([*before, *(each for each in ticked if each not in before)], ensure_ascii=False))
