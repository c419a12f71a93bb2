"""A row of a table: a line for each column, `column: value`."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs.base import Input
from studio.data.fields import FIELDS
from studio.data.importing import Imported
from studio.language import _


class RecordInput(Input):
    name = "record"
    label = _("What is known (a line for each column)")
    what_to_do = _("Write a line for each column, such as age: 54, or click a test example and change it.")
    many = _("A table with the same columns (CSV, Excel, ...)")

    def widget(self, elem_id: str) -> Block:
        return gr.Textbox(
            label=self.label,
            placeholder=_("age: 54\nsex: female"),
            lines=8,
            interactive=True,
            visible=False,
            elem_id=elem_id,
        )

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.submit,)

    def cell(self, value: Any) -> str:
        return FIELDS[self.name].typed(str(value or ""))

    def of_example(self, cell: str, imported: Imported | None) -> str:
        return "\n".join(f"{name}: {' '.join(str(value).split())}" for name, value in json.loads(cell).items())
