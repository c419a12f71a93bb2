"""A mask's classes: each can be made another one, for all of its pixels, or left out."""

from typing import Any

from gradio.blocks import Block

from components.row_editor import EditedColumn, RowEditor
from studio.app.editors.base import Editor, Example
from studio.data.fields.mask import Mask, read_mask
from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _

COLUMNS = (EditedColumn(title=_("Marked as"), kind="choice"), EditedColumn(title=_("Is really"), kind="choice"))


class MaskEditor(Editor):
    name = "mask"

    def widget(self, elem_id: str) -> Block:
        return RowEditor(
            columns=COLUMNS,
            title=_("The classes in this mask"),
            note=_("What you remove counts as unknown. Where the borders are wrong, leave the row out."),
            add=_("Add a class"),
            visible=False,
            elem_id=elem_id,
        )

    def shown(self, example: Example) -> dict[str, Any]:
        try:
            names = read_mask(example.cell).names
        except StudioError:  # by a run file, say
            names = ()
        value = {"rows": [[name, name] for name in names], "choices": list(dict.fromkeys([*example.classes, *names]))}
        return {"__type__": "update", "visible": True, "value": value}

    def cell(self, value: Any, example: Example) -> str:
        """Raises StudioError where the data has no mask."""
        mask = read_mask(example.cell)
        rows = value.get("rows") if isinstance(value, dict) else None
        now = {
            str(row[0]).strip(): str(row[1]).strip() for row in rows or [] if isinstance(row, list) and len(row) == 2
        }
        if unknown := [name for name in now if name not in mask.names]:
            raise StudioError(
                _("Nothing is marked as '{label}' in this mask.", label=unknown[0]), "", _("Remove that row.")
            )
        if not any(now.values()):
            raise StudioError(_("Nothing of the mask is left."), "", _("Leave the row out instead."))
        labels = tuple(now.get(label) or None if label is not None else None for label in mask.labels)
        return encodable(Mask(mask.file, labels).as_cell())
