"""Masks: the regions coloured in over the image, and in how many images each class comes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.charts.coloured_image import coloured_html
from studio.app.cells.base import Cells, Overview
from studio.app.cells.boxes import image_size
from studio.app.cells.label import class_overview, labels_of
from studio.app.paging import file_url
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields.mask import read_mask
from studio.data.importing import Imported
from studio.data.regions import BACKGROUND, LEFT_OUT, regions_of
from studio.errors import StudioError
from studio.language import _, listing, plural

SMALL = 320  # pixels of the longer side, in a table


class MaskCells(Cells):
    name = "mask"
    over = "image"
    has_legend = True
    invitations = {
        "image": _(
            "A ZIP with two folders, images and masks: for each image a PNG of its name that says what is where."
        ),
    }

    def drawn_over(self, cell: str, below: str, imported: Imported | None, labels: Sequence[str] = ()) -> str:
        """The thumbnail with its regions; without them where the cell cannot be read (reported elsewhere)."""
        if imported is None or imported.files is None:
            return ""
        file = imported.files / below
        thumbnail, large = file_url(imported.thumbnail(below)), file_url(file)
        regions = regions_in(cell, imported.files, SMALL)
        return coloured_html(thumbnail, image_size(file), regions, below, labels, compact=True, large=large)

    def short(self, cell: str) -> str:
        return listing(read_mask(cell).names)

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        images = plural("{n:,} image", "{n:,} images", sum(assembled.rows.values()))
        return class_overview(_("Images with each class"), [labels_of(assembled), images], assembled)


def regions_in(cell: str, files: Path, longest: int = 0) -> list[dict[str, Any]]:
    """What is drawn of a mask: its classes without the background. longest: the longer side may have no more pixels; 0
    for all of them. Nothing where the mask cannot be read."""
    import numpy
    from PIL import Image

    try:
        mask = read_mask(cell, files)
        pixels = mask.pixels(mask.names)
    except (StudioError, OSError):
        return []
    if longest and max(pixels.shape) > longest:
        small = Image.fromarray(pixels, "L")
        scale = longest / max(pixels.shape)
        size = max(1, round(small.width * scale)), max(1, round(small.height * scale))
        pixels = numpy.asarray(small.resize(size, resample=0))
    names = [*mask.names, *[None] * (LEFT_OUT + 1 - len(mask.names))]
    return shown(regions_of(pixels, names))


def shown(regions: Sequence[Any]) -> list[Any]:
    """The regions that are coloured in: the background is what is left."""
    return [region for region in regions if str(region["label"]).lower() != BACKGROUND]
