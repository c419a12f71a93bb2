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
        """The thumbnail, and the image that a press shows; only its name where the imported data is gone."""
        if imported is None:
            return {"src": "", "alt": cell}
        large = file_url(imported.files / cell) if imported.files else ""
        return {"src": file_url(imported.thumbnail(cell)), "large": large, "alt": cell}
