"""A file to begin with: what data for a task looks like, in three examples, made from the columns that it asks for."""

import csv
import math
import struct
import wave
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

from studio.data.columns import Column
from studio.data.fields import FIELDS

SIDE = 96  # pixels of a drawn image
THING = (24, 30, 72, 66)  # left, top, right, bottom of what is drawn in it
COLOURS = ("#4f46e5", "#e08600", "#0f9f6e")
TONES, TONE_RATE, TONE_VALUES = (330, 440, 550), 8000, 4000  # of a recording that is made
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
    """A table; with images or recordings a ZIP of them beside it, or a folder of them for each class where that is all
    there is to say."""
    kinds = [column.kind for column in columns]
    cells = [{name: cell for column in columns for name, cell in _cells(column, place).items()} for place in range(3)]
    if kinds[0] in MADE and kinds[1:] == ["label"]:
        make, ending = MADE[kinds[0]]
        names = [row[columns[1].name] for row in cells]
        return Template({f"{name}/{names[:n].count(name) + 1}{ending}": make(n) for n, name in enumerate(names)})
    table = {"template.csv": as_csv(cells)}
    files = {
        row[column.name]: MADE[column.kind][0](place)
        for place, row in enumerate(cells)
        for column in columns
        if column.kind in MADE
    }
    return Template({**table, **files}, tuple(cells))


def _cells(column: Column, place: int) -> dict[str, str]:
    """What an example holds of one role: a column, or several that it gathers."""
    field = FIELDS[column.kind]
    return field.told((column.examples or field.examples)[place], column)


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


def made_tone(place: int) -> bytes:
    """A short WAV with a tone that fades."""
    content = BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(TONE_RATE)
        height = TONES[place] * 2 * math.pi / TONE_RATE
        loudness = [9000 * (1 - at / TONE_VALUES) * math.sin(height * at) for at in range(TONE_VALUES)]
        file.writeframes(struct.pack(f"<{TONE_VALUES}h", *map(round, loudness)))
    return content.getvalue()


MADE: Mapping[str, tuple[Callable[[int], bytes], str]] = {"image": (drawn_image, ".png"), "audio": (made_tone, ".wav")}
