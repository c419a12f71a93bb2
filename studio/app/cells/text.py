"""Texts, as they are."""

from studio.app.cells.base import Cells
from studio.language import _


class TextCells(Cells):
    name = "text"
    invitations = {"": _("A table with one example a row: CSV, TSV, Excel, JSON, JSONL or Parquet.")}
