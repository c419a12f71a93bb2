"""Pages of rows as the browser's tables ask for them, and the addresses of files that these name."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas

from studio.errors import StudioError
from studio.language import _

LAST_ROW = 10**9  # nothing has so many
EMPTY_PAGE: dict[str, Any] = {"columns": [], "rows": [], "total": 0}


def bounds(query: dict[str, Any]) -> tuple[int, int]:
    """Start and count of a page asked for by a browser, within reason. Raises StudioError."""
    start, count = query.get("start") or 0, query.get("count") or 20
    if not (isinstance(start, int) and isinstance(count, int)):
        raise StudioError(_("Rows are asked for by numbers."), "", _("Load the page again, then try once more."))
    return min(LAST_ROW, max(0, start)), min(100, max(1, count))


def interleaved(rows: pandas.DataFrame, groups: pandas.Series | None) -> pandas.DataFrame:
    """Group after group in turn: images come folder by folder, and a first page of one class would show little.

    groups: a word a row, in the rows' order; None leaves the rows as they are.
    """
    if groups is None:
        return rows
    turns = rows.groupby(groups.to_numpy(), sort=False, dropna=False).cumcount()
    return rows.loc[turns.sort_values(kind="stable").index]


def file_url(path: Path) -> str:
    """Where the browser gets a file of the studio's home."""
    return f"gradio_api/file={quote(str(path))}"
