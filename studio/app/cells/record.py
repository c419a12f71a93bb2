"""Rows of a table, as one line."""

from studio.app.cells.base import Cells, Drawn
from studio.data.fields import FIELDS
from studio.data.fields.record import as_text
from studio.data.importing import Imported
from studio.language import _


class RecordCells(Cells):
    name = "record"
    invitations = {
        "": _("A table with one example a row, in as many columns as you like: CSV, TSV, Excel, JSON or Parquet.")
    }

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        return self.short(cell)

    def short(self, cell: str) -> str:
        return as_text(FIELDS[self.name].parse(cell, None))
