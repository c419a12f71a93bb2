"""An image: the name of a file that was stored when the data was imported."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.named_files import WITHOUT_IMAGES, NotBroughtError, find_below, why_refused
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

# what `studio.data.image_files.load_image` does, for people without the studio: `pipeline` drops transparency, and
# cuts 16 bits off instead of scaling them
READING = (
    "import numpy\nfrom PIL import Image, ImageOps",
    '''def read(path):
    """The image upright, in RGB, transparent parts on white: as the model saw its images."""
    with open(path, "rb") as file:
        image = ImageOps.exif_transpose(Image.open(file))
    if image.mode.startswith(("I", "F")):  # 16 bits a pixel and more
        values = numpy.asarray(image, dtype="float32")
        scale = 255 / 65535 if values.max() > 255 else 1.0
        image = Image.fromarray((values * scale).clip(0, 255).astype("uint8"))
    elif image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB")''',
)


class ImageFile(Field):
    name = "image"
    examples = ("images/1.png", "images/2.png", "images/3.png")
    is_plain = False
    missing = _("The image is missing.")
    bring = {
        "text": _("A table alone brings no images: put it and the images that it names into one ZIP."),
        "image": _("Bring the images in one ZIP."),
    }
    example = 'read("image.jpg")'
    reading = READING
    absent = _("There are no images in this data.")

    def parse(self, cell: str, files: Path | None) -> Path:
        """The file's path. A name that leads out of `files` is refused; without `files` it is a path that the person
        gave, see `typed`."""
        if files is None:
            return Path(cell)
        try:
            return find_below(cell, [files])
        except NotBroughtError as error:
            raise StudioError(
                _("'{file}' is not an image of this data.", file=cell), str(error), _("Remove it.")
            ) from error

    def typed(self, text: str) -> str:
        """The absolute path: the process that opens the file may run elsewhere."""
        if not Path(text).is_file():
            raise StudioError(
                _("There is no image '{file}'.", file=text), _("There is nothing at this path."), _("Check the path.")
            )
        return str(Path(text).resolve())

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Names of files that are not there; without `files`, all of them: no image came with the table."""
        for row, name in cells.items():
            if files is None:
                why = why_refused(str(name)) or WITHOUT_IMAGES
                what = _("There is no image '{file}'.", file=str(name)[:200])
                yield Problem(int(str(row)), what, why, column=column.name)
            elif not _is_stored(files, str(name)):
                why = _("There is no file '{file}'.", file=name)
                yield Problem(int(str(row)), _("Image not found"), why, column=column.name)

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        """By what is to be seen, whatever the files are called; imports of earlier versions do not say."""
        return cells.map(lambda name: contents.get(name, name)) if contents else None

    def fit(self, profile: ColumnProfile, names_images: bool) -> float:
        return 25.0 if names_images else 0.0


def _is_stored(files: Path, name: str) -> bool:
    try:
        return find_below(name, [files]).is_file()
    except NotBroughtError:
        return False
