"""From the cells of an assembled table to rows of parsed values."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.tasks.base import Row

if TYPE_CHECKING:
    import pandas


def parse_row(cells: Mapping[str, Any], columns: Iterable[Column], files: Path | None) -> Row:
    """The values of the columns that have a cell. Raises StudioError for a cell that its field cannot read."""
    return {
        column.name: FIELDS[column.kind].parse(str(cell), files)
        for column in columns
        if (cell := cells.get(column.name)) is not None and cell == cell
    }


def parse_rows(table: "pandas.DataFrame", columns: Sequence[Column], files: Path | None) -> list[Row]:
    """Every row of the table, in its order."""
    there = [column for column in columns if column.name in table.columns]
    records = table[[column.name for column in there]].to_dict("records")
    return [parse_row({str(name): cell for name, cell in record.items()}, there, files) for record in records]
