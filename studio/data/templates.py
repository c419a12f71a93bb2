"""A file to begin with: what data for a task looks like, in three examples, made from the columns that it asks for."""

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

from studio.data.columns import Column
from studio.data.fields import FIELDS

SIDE = 96  # pixels of a drawn image
THING = (24, 30, 72, 66)  # left, top, right, bottom of what is drawn in it
COLOURS = ("#4f46e5", "#e08600", "#0f9f6e")
FIXED = (2026, 1, 1, 0, 0, 0)  # a ZIP has times, and the same template should be the same file


@dataclass(frozen=True)
class Template:
    """files: name -> content. rows: the cells of its table by column; empty where folders say everything."""

    files: dict[str, bytes]
    rows: tuple[dict[str, str], ...] = ()

    @property
    def name(self) -> str:
        return next(iter(self.files)) if len(self.files) == 1 else "template.zip"

    def content(self) -> bytes:
        """One file as it is, several in a ZIP."""
        if len(self.files) == 1:
            return next(iter(self.files.values()))
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(zipfile.ZipInfo(name, FIXED), content)
        return packed.getvalue()


def template_of(columns: Sequence[Column]) -> Template:
    """A table; with images a ZIP of them beside it, or a folder of images for each class where that is all there is to
    say."""
    kinds = [column.kind for column in columns]
    cells = [{name: cell for column in columns for name, cell in _cells(column, place).items()} for place in range(3)]
    if kinds == ["image", "label"]:
        label = columns[1].name
        names = [row[label] for row in cells]
        return Template({f"{name}/{names[:n].count(name) + 1}.png": drawn_image(n) for n, name in enumerate(names)})
    table = {"template.csv": as_csv(cells)}
    images = [column.name for column in columns if column.kind == "image"]
    drawn = {row[name]: drawn_image(place) for place, row in enumerate(cells) for name in images}
    return Template({**table, **drawn}, tuple(cells))


def _cells(column: Column, place: int) -> dict[str, str]:
    """What an example holds of one role: a column, or several that it gathers."""
    field = FIELDS[column.kind]
    example = (column.examples or field.examples)[place]
    return dict(field.parse(example, None)) if field.gathers else {column.name: example}


def as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """With the mark by which spreadsheet programs know UTF-8."""
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def drawn_image(place: int) -> bytes:
    """A small PNG with one thing in it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), "#eef0f6")
    ImageDraw.Draw(image).rectangle(THING, fill=COLOURS[place])
    content = BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()
