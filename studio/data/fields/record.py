"""All columns of a row that have no other role, together: a JSON object, column -> what stands there."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas

from studio.data.columns import Column
from studio.data.fields.base import Field
from studio.data.formats.base import encodable
from studio.data.label_columns import GATHERED
from studio.data.split_names import COLUMN_NAMES
from studio.errors import StudioError
from studio.language import _

JOINED = ", "


class Record(Field):
    name = "record"
    gathers = takes_all = True
    examples = (
        '{"age": "54", "sex": "female", "pulse": "88", "notes": "short of breath on stairs"}',
        '{"age": "31", "sex": "male", "pulse": "64", "notes": "knee hurts after a fall"}',
        '{"age": "67", "sex": "female", "pulse": "102", "notes": "cough for three weeks"}',
    )
    missing = _("All columns of the row are empty.")
    bring = {
        "text": _("Bring a table with a column for each thing that is known of a row."),
        "image": _("This task learns from tables: bring one (CSV, Excel, JSON or Parquet)."),
        "audio": _("This task learns from tables: bring one (CSV, Excel, JSON or Parquet)."),
    }
    example = '"age: 54, sex: female"'

    def gather(self, table: pandas.DataFrame, roles: Mapping[str, str]) -> pandas.Series:
        """A cell for each row, of the columns that have no role; empty cells are left out."""
        others = set(roles.values())
        names = [str(name) for name in table.columns if name not in others and is_told(str(name), table[name])]
        filled = table[names].notna() & (table[names] != "")
        cells = [
            json.dumps({name: str(value) for name, value, there in zip(names, values, known, strict=True) if there},
                       ensure_ascii=False) if any(known) else ""
            for values, known in zip(table[names].to_numpy(), filled.to_numpy(), strict=True)
        ]  # fmt: skip
        return pandas.Series(cells, index=table.index, dtype="str")

    def parse(self, cell: str, files: Path | None) -> dict[str, str]:
        """As it is stored, or as somebody writes it: `column: value`, a line each, or with a comma between."""
        if not cell.lstrip().startswith("{"):
            return read_lines(cell)
        try:
            found = json.loads(cell)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise StudioError(
                _("'{cell}' cannot be read.", cell=cell[:60]),
                _("Columns with what stands in them are expected, such as {example}.", example='{"age": "54"}'),
                _("Correct it."),
            )
        return {encodable(str(name)): encodable(str(value)) for name, value in found.items()}

    def told(self, example: str, column: Column) -> dict[str, str]:
        return self.parse(example, None)

    def typed(self, text: str) -> str:
        return json.dumps(self.parse(text, None), ensure_ascii=False) if text.strip() else ""

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        return cells


def is_told(name: str, cells: pandas.Series) -> bool:
    """Whether a column tells something of a row: not its number, nor its split, nor the list of labels that was made
    of columns of 0 and 1, one of which may be what is to be found out."""
    is_made = name.startswith(GATHERED) and bool(cells.str.startswith("[").all())
    return name != "row" and name.strip().lower() not in COLUMN_NAMES and not is_made


def as_text(record: Mapping[str, str]) -> str:
    """age: 54, sex: female"""
    return JOINED.join(f"{name}: {' '.join(value.split())}" for name, value in record.items())


def as_lines(record: Mapping[str, str]) -> str:
    """`column: value`, a line each; as JSON where that would be read as something else."""
    squeezed = {name: " ".join(value.split()) for name, value in record.items()}
    lines = "\n".join(f"{name}: {value}" for name, value in squeezed.items())
    try:
        read = Record().parse(lines, None)
    except StudioError:
        read = {}
    return lines if read == squeezed else json.dumps(dict(record), ensure_ascii=False)


def read_lines(text: str) -> dict[str, str]:
    """Of `column: value`, a line each, or several in one line. Raises StudioError for a line without a colon."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        lines = lines[0].split(JOINED)
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise StudioError(
                _("'{line}' names no column.", line=line.strip()[:60]),
                _("Each line says a column and what stands there, such as {example}.", example="age: 54"),
                _("Correct it."),
            )
        if value.strip():
            found[name.strip()] = value.strip()
    return found
