"""Images, small."""

from studio.app.cells.base import Cells, Drawn
from studio.app.paging import file_url
from studio.data.importing import Imported
from studio.language import _


class ImageCells(Cells):
    name = "image"
    drawn_as = "image"
    invitations = {"": _("A ZIP of images, with a CSV in it that has a row for each.")}

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        """The thumbnail; only its name where the imported data is gone."""
        return {"src": file_url(imported.thumbnail(cell)) if imported else "", "alt": cell}
