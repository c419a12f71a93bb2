"""Boxes in an image: a row each, with its label and its place in pixels."""

import json
from typing import Any

from gradio.blocks import Block

from components.row_editor import EditedColumn, RowEditor
from studio.app.editors.base import Editor, Example
from studio.data.fields.boxes import Box, read_boxes
from studio.data.formats.base import encodable
from studio.data.numbers import read_number
from studio.errors import StudioError
from studio.language import _

COLUMNS = (
    EditedColumn(title=_("Label"), kind="choice"),
    *(EditedColumn(title=title, kind="number") for title in (_("Left"), _("Top"), _("Width"), _("Height"))),
)


class BoxesEditor(Editor):
    name = "boxes"

    def widget(self, elem_id: str) -> Block:
        return RowEditor(
            columns=COLUMNS,
            title=_("The right boxes"),
            note=_("In pixels, from the top left corner of the image."),
            add=_("Add a box"),
            visible=False,
            elem_id=elem_id,
        )

    def shown(self, example: Example) -> dict[str, Any]:
        try:
            boxes = read_boxes(example.cell)
        except StudioError:  # by a run file, say: it begins without boxes
            boxes = []
        value = {"rows": [row_of(box) for box in boxes], "choices": list(example.classes)}
        return {"__type__": "update", "visible": True, "value": value}

    def cell(self, value: Any, example: Example) -> str:
        return encodable(json.dumps([box_of(row) for row in rows_in(value)], ensure_ascii=False))


def row_of(box: Box) -> list[str]:
    return [box.label, *(f"{round(side, 2):g}" for side in (box.left, box.top, box.width, box.height))]


def rows_in(value: Any) -> list[list[str]]:
    """The rows of the grid; of what no grid of ours sends none."""
    rows = value.get("rows") if isinstance(value, dict) else None
    if not isinstance(rows, list):
        return []
    return [list(map(str, row)) for row in rows if isinstance(row, list) and len(row) == len(COLUMNS)]


def box_of(row: list[str]) -> dict[str, Any]:
    """Raises StudioError where something is missing, or is no number."""
    label, *sides = row
    numbers = [read_number(side) for side in sides]
    for column, side, number in zip(COLUMNS[1:], sides, numbers, strict=True):
        if number is None:
            raise StudioError(
                _("{column} of '{label}' is not a number.", column=column["title"], label=label),
                _("It says '{cell}'.", cell=side[:40]) if side else _("The field is empty."),
                _("Write how many pixels it is."),
            )
    return {"box": numbers, "label": label}
