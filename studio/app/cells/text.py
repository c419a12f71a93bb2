"""Texts, as they are."""

from studio.app.cells.base import Cells


class TextCells(Cells):
    name = "text"
    invitations = {"": "A table with one example a row: CSV, TSV, Excel, JSON, JSONL or Parquet."}
