"""Recordings: how loud they are over time, and a player."""

from components.sound import sound_html
from studio.app.cells.base import Cells, Drawn
from studio.app.paging import file_url
from studio.data.importing import Imported
from studio.language import _


class AudioCells(Cells):
    name = "audio"
    drawn_as = "drawing"
    invitations = {"": _("A ZIP of recordings, with a CSV in it that has a row for each.")}

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        """Only its name where the imported data is gone."""
        if imported is None or imported.files is None:
            return sound_html("", cell)
        return sound_html(file_url(imported.files / cell), cell, file_url(imported.thumbnail(cell)))
