"""Whole rows for a table: a column for each cell, and one for cells that are drawn over each other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.charts.marked_text import label_legend
from studio.app.cells import CELLS, Cells
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.importing import Imported

Row = Mapping[str, Any]  # cells by the names of the task's columns


@dataclass(frozen=True)
class Drawing:
    """One column of the table. columns: the task's columns whose cells it shows."""

    kind: str
    columns: tuple[Column, ...]
    draw: Callable[[Row, Imported | None], Any]

    @property
    def name(self) -> str:
        return self.columns[0].name

    @property
    def title(self) -> str:
        return self.columns[0].title

    @property
    def is_seen(self) -> bool:
        """Whether rows with it are better looked at side by side than read in lines."""
        return any(CELLS[column.kind].drawn_as == "image" for column in self.columns)


def drawings(columns: Sequence[Column], labels: Sequence[str] = ()) -> list[Drawing]:
    """How the cells of these columns are drawn, in their order. labels: of all rows, for their colours."""
    below = {column.kind: column for column in reversed(columns)}  # the first of its kind
    above = {
        under.name: column
        for column in columns
        if (kind := CELLS[column.kind].over) is not None and (under := below.get(kind)) is not None
    }
    hidden = {column.name for column in above.values()}
    return [
        _together(column, above[column.name], labels) if column.name in above else _alone(column)
        for column in columns
        if column.name not in hidden
    ]


def legend(columns: Sequence[Column], rows: Iterable[Row], labels: Sequence[str]) -> str:
    """Names and colours of the labels in these rows, as markup, where the drawings do not name them; else ""."""
    unnamed = [column for column in columns if CELLS[column.kind].has_legend]
    cells = [(FIELDS[column.kind], row[column.name]) for row in rows for column in unnamed if column.name in row]
    found = {label for field, cell in cells if not is_empty(cell) for label in field.classes(str(cell))}
    return label_legend(dict.fromkeys(sorted(found)), labels) if found else ""


def _alone(column: Column) -> Drawing:
    entry = CELLS[column.kind]
    return Drawing(entry.drawn_as, (column,), lambda row, imported: _drawn(entry, row.get(column.name), imported))


def _together(column: Column, over: Column, labels: Sequence[str]) -> Drawing:
    entry = CELLS[over.kind]

    def draw(row: Row, imported: Imported | None) -> Any:
        if is_empty(row.get(column.name)):
            return ""
        marks = "[]" if is_empty(row.get(over.name)) else str(row[over.name])
        return entry.drawn_over(marks, str(row[column.name]), imported, labels)

    return Drawing("drawing", (column, over), draw)


def _drawn(entry: Cells, cell: Any, imported: Imported | None) -> Any:
    return "" if is_empty(cell) else entry.drawn(str(cell), imported)


def is_empty(cell: Any) -> bool:
    return cell is None or cell != cell or cell == ""
