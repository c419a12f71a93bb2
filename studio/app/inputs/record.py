"""A row of a table: a field for each column that the model reads."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gradio.blocks import Block

from components.record_form import RecordField, RecordForm
from studio.app.inputs.base import Input
from studio.data.fields import FIELDS
from studio.data.fields.record import as_lines
from studio.data.formats.base import encodable
from studio.data.importing import Imported
from studio.data.numbers import read_number
from studio.files import read_as
from studio.language import _
from studio.store import Run
from studio.tasks.tabular import SETTING

LOOKED_AT = 2000  # rows
MOSTLY = 0.9  # of the cells of a column of numbers
MOST_CHOICES = 30
OFTEN = 3  # times at least that a choice comes on average
FEW_NUMBERS = 5  # different ones, such as codes and grades, which are rather chosen


class RecordInput(Input):
    name = "record"
    label = _("What is known")
    what_to_do = _("Fill in what is known, or click a test example and change it.")
    many = _("A table with the same columns (CSV, Excel, ...)")

    def widget(self, elem_id: str) -> Block:
        return RecordForm(title=self.label, visible=False, elem_id=elem_id)

    def asks(self, widget: Any) -> Sequence[Any]:
        return (widget.submit,)

    def update(self, run: Run | None, cell: str | None) -> dict[str, Any]:
        fields = fields_of(run) if run else []
        values = {} if cell is None else {"values": FIELDS[self.name].parse(cell, None)}
        return {"value": {"fields": fields, **values}}

    def cell(self, value: Any) -> str:
        values = value.get("values") if isinstance(value, dict) else None
        if not isinstance(values, dict):
            return ""
        given = {encodable(str(name)): encodable(str(cell).strip()) for name, cell in values.items()}
        filled = {name: cell for name, cell in given.items() if cell}
        return json.dumps(filled, ensure_ascii=False) if filled else ""

    def of_example(self, cell: str, imported: Imported | None) -> str:
        return as_lines(FIELDS[self.name].parse(cell, None))


def fields_of(run: Run) -> list[RecordField]:
    """A field for each column that the run's model reads; for any text where the data is gone."""
    names = read_as(run.model / "config.json", lambda config: config.get(SETTING)) or []
    imported = Imported.open(run.home.datasets / run.dataset) if names and run.dataset else None
    if imported is None:
        return [field_of(name, ()) for name in names]
    return list(_fields_in(imported, tuple(names)))


@lru_cache(maxsize=64)
def _fields_in(imported: Imported, names: tuple[str, ...]) -> tuple[RecordField, ...]:
    """Imported data never changes."""
    page = imported.page(0, LOOKED_AT)
    return tuple(field_of(name, page[name].dropna().tolist() if name in page else ()) for name in names)


def field_of(name: str, cells: Sequence[str]) -> RecordField:
    """The field for a column in which such cells stand."""
    different = dict.fromkeys(cells)
    numbers = [number for cell in cells if (number := read_number(cell)) is not None]
    is_numeric = bool(cells) and len(numbers) >= MOSTLY * len(cells)
    repeats = 1 < len(different) <= MOST_CHOICES and len(different) * OFTEN <= len(cells)
    if repeats and (not is_numeric or len(different) <= FEW_NUMBERS):
        return {"name": name, "kind": "choice", "choices": sorted(different, key=_in_order)}
    if is_numeric:
        note = _("{low:.12g} to {high:.12g}", low=min(numbers), high=max(numbers))
        return {"name": name, "kind": "number", "note": note}
    return {"name": name, "kind": "text"}


def _in_order(cell: str) -> tuple[bool, float, str]:
    number = read_number(cell)
    return number is None, number or 0.0, cell
