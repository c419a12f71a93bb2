"""The rows as they were read, a page at a time: what the Data page shows before anything is decided about them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas

from studio.app.cells.rows import Drawing, drawings, is_empty, legend
from studio.app.paging import interleaved
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.importing import Imported
from studio.language import _

FILES = {  # the column of an import that holds files, before it has a role
    "image": Column("image", _("Image"), "image", ""),
    "audio": Column("audio", _("Recording"), "audio", ""),
}
THUMBNAIL = "thumbnail"


def preview_page(
    imported: Imported,
    columns: Sequence[Column],
    names: Mapping[str, str],
    start: int,
    count: int,
    labels: Sequence[str] = (),
) -> dict[str, Any]:
    """A page for `components.tables.PagedTable`: the task's columns as their fields are drawn, then everything else.

    columns: the task's. names: which column of the file plays which role. labels: of all rows, for their colours.
    """
    rows = _page(imported, columns, names, start, count)
    there = [str(name) for name in rows.columns if name != "row"]
    roles = [column for column in columns if names.get(column.name) in there]
    stored = imported.stored
    if stored and not any(column.kind == stored for column in roles):
        roles, names = [FILES[stored], *roles], {**names, stored: stored}
    drawn = {_key(drawing, names): drawing for drawing in drawings(roles, labels)}
    shown = {names[column.name] for drawing in drawn.values() for column in drawing.columns}
    shown -= {names[column.name] for column in roles if column.kind == stored}  # the file's name is shown as well
    others = [name for name in there if name not in shown]
    found = rows.to_dict("records")
    by_role = [{role: row.get(name) for role, name in names.items()} for row in found]
    return {
        "columns": [
            {"key": "row", "title": _("Row"), "kind": "number"},
            *[{"key": key, "title": _title(key, drawing), "kind": drawing.kind} for key, drawing in drawn.items()],
            *[{"key": name, "title": name, "kind": "text"} for name in others],
        ],
        "rows": [_cells(imported, drawn, others, row, cells) for row, cells in zip(found, by_role, strict=True)],
        "legend": legend(roles, by_role, labels),
        "total": imported.rows,
        "layout": "gallery" if any(drawing.is_seen for drawing in drawn.values()) else "table",
    }


def _page(
    imported: Imported, columns: Sequence[Column], names: Mapping[str, str], start: int, count: int
) -> pandas.DataFrame:
    if not imported.stored:
        return imported.page(start, count)
    table = imported.table()
    for column in columns:
        if (name := names.get(column.name)) in imported.columns:
            groups = FIELDS[column.kind].strata(table[name].fillna(""))
            if groups is not None:
                table = interleaved(table, groups)
                break
    return table.iloc[start : start + count]


def _key(drawing: Drawing, names: Mapping[str, str]) -> str:
    """Of what shows a stored file; the file's name is shown as well."""
    shows = any(column.kind in FILES for column in drawing.columns)
    return THUMBNAIL if shows else names[drawing.name]


def _title(key: str, drawing: Drawing) -> str:
    return drawing.title if key == THUMBNAIL else key


def _cells(
    imported: Imported, drawn: Mapping[str, Drawing], others: Sequence[str], row: Any, by_role: Mapping[str, Any]
) -> dict[str, Any]:
    texts = {name: "" if is_empty(row[name]) else str(row[name]) for name in others}
    return {
        "row": str(row["row"]),
        **texts,
        **{key: drawing.draw(by_role, imported) for key, drawing in drawn.items()},
    }
