"""What somebody liked, as one line."""

from studio.app.cells.base import Cells, Drawn
from studio.data.fields import FIELDS
from studio.data.importing import Imported
from studio.language import _


class LikedCells(Cells):
    name = "liked"
    invitations = {
        "": _("A table with a row for each thing that somebody liked, bought or clicked: who, what, and perhaps when.")
    }

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        return self.short(cell)

    def short(self, cell: str) -> str:
        return " · ".join(FIELDS[self.name].parse(cell, None))
