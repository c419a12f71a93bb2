"""Boxes: drawn over the image, and counted by their labels."""

from collections.abc import Sequence
from pathlib import Path

from components.charts.framed_image import framed_html
from studio.app.cells.base import Cells, Overview
from studio.app.cells.label import class_overview, labels_of
from studio.app.paging import file_url
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields.boxes import read_boxes
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _, plural


class BoxCells(Cells):
    name = "boxes"
    over = "image"
    has_legend = True
    invitations = {
        "image": _("A ZIP of images with boxes around what is in them: COCO (JSON), Pascal VOC (XML) or YOLO (TXT)."),
    }

    def drawn_over(self, cell: str, below: str, imported: Imported | None, labels: Sequence[str] = ()) -> str:
        """The thumbnail with the boxes over it; without them where the cell cannot be read (reported elsewhere)."""
        if imported is None or imported.files is None:
            return ""
        try:
            boxes = read_boxes(cell)
        except StudioError:
            boxes = []
        frames = [{"box": [box.left, box.top, box.width, box.height], "label": box.label} for box in boxes]
        file = imported.files / below
        thumbnail, large = file_url(imported.thumbnail(below)), file_url(file)
        return framed_html(thumbnail, image_size(file), frames, below, labels, compact=True, large=large)

    def short(self, cell: str) -> str:
        return objects(len(read_boxes(cell)))

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        found = sum(count for splits in assembled.counts.values() for count in splits.values())
        images = plural("{n:,} image", "{n:,} images", sum(assembled.rows.values()))
        counts = [labels_of(assembled), objects(found), images]
        return class_overview(_("Objects per label"), counts, assembled)


def objects(count: int) -> str:
    return plural("{n:,} object", "{n:,} objects", count)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the file's first bytes; (1, 1) where it is gone."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, Image.DecompressionBombError):
        return (1, 1)
