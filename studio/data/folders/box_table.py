"""Images, and a table with one box a row: which image, where, and what it is.

Many tools write such a table, each with its own headers; what a header means is in the tables below. Where a table has
corners, its columns `width` and `height` are the image's.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas

from studio.data.annotations import AnnotatedImage, RawBox, stated_size
from studio.data.columns import Problem
from studio.data.fields.number import read_number
from studio.data.folders.base import FolderFormat, Listing, Upload
from studio.data.folders.box_listing import list_images
from studio.data.folders.image_names import ImageNames
from studio.data.folders.image_table import naming_tables
from studio.data.folders.split_folders import split_of_file, split_of_path
from studio.data.reading import guess_reading
from studio.data.split_names import COLUMN_NAMES, split_named
from studio.language import _

Form = Literal["corners", "sides", "centre"]
LEFT, TOP = ("xmin", "x0", "x1", "left", "minx"), ("ymin", "y0", "y1", "top", "miny")
RIGHT, BOTTOM = ("xmax", "x2", "right", "maxx", "x1"), ("ymax", "y2", "bottom", "maxy", "y1")
ACROSS, DOWN = ("x", *LEFT), ("y", *TOP)
CENTRE_X = ("xcenter", "centerx", "xcentre", "centrex", "cx", "xc")
CENTRE_Y = ("ycenter", "centery", "ycentre", "centrey", "cy", "yc")
WIDTH, HEIGHT = ("w", "width"), ("h", "height")
WHOLE = ("bbox", "box", "boundingbox")
FORMS: Sequence[tuple[Form, tuple[tuple[str, ...], ...]]] = (
    ("corners", (LEFT, TOP, RIGHT, BOTTOM)),
    ("centre", (CENTRE_X, CENTRE_Y, WIDTH, HEIGHT)),
    ("sides", (ACROSS, DOWN, WIDTH, HEIGHT)),
)
LABEL = (
    "class", "label", "name", "category", "classname", "labelname", "categoryname", "object", "type", "tag", "labels",
    "cls", "species", "target", "classid", "categoryid", "labelid",
)  # fmt: skip
SIZE = (("imagewidth", "imgwidth", "width"), ("imageheight", "imgheight", "height"))
NO_CLASS = "object"  # what boxes are called where the table says nothing
SHARES_UP_TO = 1.5  # numbers no larger than this in nearly all boxes are shares of the image's sides
NEARLY_ALL = 0.99
PLACE = _("row {number} of {file}")
_PREFIX = re.compile(r"^(boundingbox|bbox|box|bb)(?=.)")


def recognises(upload: Upload) -> bool:
    return bool(upload.found.images) and bool(_tables(upload))


def read(upload: Upload) -> Listing:
    images: list[AnnotatedImage] = []
    problems: list[Problem] = []
    tables = _tables(upload)
    for name, (table, unreadable, column) in tables.items():
        problems += [
            Problem(0, _("Row {row} of {file}: {reason}", row=each.row, file=name, reason=each.what), each.why, False)
            for each in unreadable
        ]
        images += read_boxes(table, column, name, ImageNames(upload.found.images).inside(name), problems)
    reading = guess_reading(upload.folder / next(iter(tables)), upload.reading, upload.limits)
    return list_images(images, upload, problems, reading)


def _tables(upload: Upload) -> dict[str, tuple[pandas.DataFrame, list[Problem], str]]:
    named = naming_tables(upload)
    return {name: found for name, found in named.items() if find_form(list(found[0].columns))}


def keys_of(columns: Sequence[Any]) -> dict[str, str]:
    """What a header says without capitals, signs and a word for box before it -> the header."""
    keys: dict[str, str] = {}
    for column in columns:
        key = re.sub(r"[\W_]+", "", str(column).lower())
        keys.setdefault(key if key in WHOLE else _PREFIX.sub("", key), str(column))
    return keys


def find_form(columns: Sequence[Any]) -> tuple[Form, list[str]] | None:
    """What the columns of a box hold, and their headers; one header where a cell holds all four numbers."""
    keys = keys_of(columns)
    for form, roles in FORMS:
        headers: list[str] = []
        for role in roles:
            free = (keys[key] for key in role if key in keys and keys[key] not in headers)
            headers += [header] if (header := next(free, None)) else []
        if len(headers) == len(roles):
            return form, headers
    whole = next((keys[key] for key in WHOLE if key in keys), None)
    return ("sides", [whole]) if whole else None


def read_boxes(
    table: pandas.DataFrame, column: str, file: str, names: ImageNames, problems: list[Problem]
) -> list[AnnotatedImage]:
    """The images of a table with their boxes. column: the one that names the images."""
    found = find_form([name for name in table.columns if name != column])
    if found is None:
        return []
    form, headers = found
    keys = {key: header for key, header in keys_of(list(table.columns)).items() if header not in (column, *headers)}
    label = next((keys[key] for key in LABEL if key in keys), None)
    if label is None:
        what = _("No column of {file} says what the boxes show.", file=file)
        problems.append(Problem(0, what, _("They are all called '{name}'.", name=NO_CLASS), drops=False))
    values = [_numbers(cells) for cells in table[headers].itertuples(index=False, name=None)]
    shares = are_shares(values)
    records = table.to_dict("records")
    boxes: dict[str, list[RawBox]] = {}
    first: dict[str, dict[Any, Any]] = {}
    for row, record, numbers in zip(table.index.tolist(), records, values, strict=True):
        name = record[column] if isinstance(record[column], str) else ""
        if not name:
            what = _("Row {row} of {file} names no image.", row=row, file=file)
            problems.append(Problem(0, what, _("Its box is left out."), drops=False))
            continue
        first.setdefault(name, record)
        there = boxes.setdefault(name, [])
        if any(isinstance(number, str) for number in numbers):  # an image without objects has a row of gaps
            called = record[label] if label else NO_CLASS
            there.append(RawBox(numbers, called, PLACE, form, shares, number=row, file=file))
    in_file = split_of_file(file) or split_of_path(file)
    return [
        AnnotatedImage(name, names(name), there, _split(first[name], keys) or in_file, _size(first[name], keys))
        for name, there in boxes.items()
    ]


def _numbers(cells: tuple[Any, ...]) -> Sequence[Any]:
    """The cells of a box; of one cell that holds them all, such as "[1, 2, 3, 4]", the numbers in it."""
    if len(cells) > 1 or not isinstance(cells[0], str):
        return cells
    text = cells[0].strip().strip("[](){}")
    return [part for part in re.split(r"[\s,;]+", text) if part] if text else []


def are_shares(values: Sequence[Sequence[Any]]) -> bool:
    """Whether the numbers are shares of an image's sides: small, and not all of them whole."""
    boxes = [[number for value in some if (number := read_number(value)) is not None] for some in values]
    filled = [some for some in boxes if some]
    small = [some for some in filled if max(map(abs, some)) <= SHARES_UP_TO]
    broken = any(not number.is_integer() for some in small for number in some)
    return broken and len(small) >= NEARLY_ALL * len(filled)


def _split(record: Mapping[Any, Any], keys: Mapping[str, str]) -> str | None:
    return next((split_named(record[keys[key]]) for key in COLUMN_NAMES if key in keys), None)


def _size(record: Mapping[Any, Any], keys: Mapping[str, str]) -> tuple[int, int] | None:
    """The image's size, if the table says it."""
    cells = [next((record[keys[key]] for key in side if key in keys), None) for side in SIZE]
    return stated_size(*cells)


BOX_TABLE = FolderFormat("box-table", "images with a table of boxes", recognises, read)
