"""A column of a table that holds the boxes of each row's image, as JSON in one of the forms that people write.

[{"box": [left, top, width, height], "label": "cat"}, ...]        the studio's own
[{"bbox": [...], "category": "cat"}, ...], [{"xmin": ..., "ymin": ..., "xmax": ..., "ymax": ..., "label": ...}, ...]
{"bbox": [[...], ...], "category": ["cat", ...]}                   the image folders of the `datasets` library
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas

from studio.data.annotations import BOX, AnnotatedImage, RawBox, merge
from studio.data.columns import Problem
from studio.data.fields.objects import LABELS, first_of, label_of
from studio.language import _, plural

BOXES = ("box", "bbox", "bboxes", "boxes")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
CELLS_SEEN = 200
ENOUGH = 0.5  # of the filled cells; the others are listed as mistakes
COLUMNS = ("boxes", "objects", "annotations", "bboxes", "bbox", "detections", "labels")


def take_boxes(table: pandas.DataFrame) -> tuple[pandas.DataFrame, dict[int, AnnotatedImage] | None, list[Problem]]:
    """The table without that column, row -> what it says of the row's image, and rows of which it cannot be read.

    table: its column `image` names the images. Without such a column the table stays, beside None. An empty cell says
    nothing. An image that several rows name keeps the first that says something of it, with the boxes of all.
    """
    column = find_column(table)
    if column is None:
        return table, None, []
    annotated: dict[int, AnnotatedImage] = {}
    problems: list[Problem] = []
    for row, image, cell in zip(table.index.tolist(), table["image"], table[column], strict=True):
        boxes = read_cell(cell) if isinstance(cell, str) else None
        if boxes is not None:
            annotated[row] = AnnotatedImage(image, image, boxes)
        elif isinstance(cell, str):
            why = _('It looks like [{"box": [left, top, width, height], "label": "cat"}].')
            problems.append(Problem(row, _("'{cell}' is no list of boxes.", cell=cell[:60]), why, column=column))
    left = table.drop(columns=column).drop(index=[problem.row for problem in problems])
    first: dict[str, int] = {}
    for row, known in annotated.items():
        first.setdefault(known.name, row)
    together = left["image"].isin(list(first)) & ~left.index.isin(list(first.values()))
    if count := left.loc[together, "image"].nunique():
        what = plural("{n:,} image stands in several rows.", "{n:,} images stand in several rows.", count)
        problems.append(Problem(0, what, _("All boxes of an image are put together in its first row."), drops=False))
    return left[~together], dict(zip(first.values(), merge(annotated.values()), strict=True)), problems


def find_column(table: pandas.DataFrame) -> str | None:
    """The first column, usual names before others, of which half of the cells can be read and one has boxes."""
    names = sorted(map(str, table.columns), key=lambda name: name.lower() not in COLUMNS)
    for name in names:
        cells = table[name].dropna().head(CELLS_SEEN)
        if cells.empty or cells.str.startswith(("[", "{")).mean() < ENOUGH:
            continue
        read = [read_cell(cell) for cell in cells]
        if any(read) and sum(boxes is not None for boxes in read) >= ENOUGH * len(read):
            return name
    return None


def read_cell(cell: str) -> list[RawBox] | None:
    """The boxes in a cell; None for what is none."""
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = _listed(value)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    boxes = [_box(each, number) for number, each in enumerate(value, start=1)]
    return None if value and not any(box.values for box in boxes) else boxes


def _listed(columns: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Lists of boxes and labels -> one object a box."""
    boxes, labels = first_of(columns, BOXES), first_of(columns, LABELS)
    if not isinstance(boxes, list) or not (labels is None or (isinstance(labels, list) and len(labels) == len(boxes))):
        return None
    return [{"box": box, "label": label} for box, label in zip(boxes, labels or ["object"] * len(boxes), strict=True)]


def _box(value: Mapping[str, Any], number: int) -> RawBox:
    label, sides = label_of(value), first_of(value, BOXES)
    corners = sides if isinstance(sides, dict) else value
    if all(key in corners for key in CORNERS):
        return RawBox([corners[key] for key in CORNERS], label, BOX, number=number)
    if not isinstance(sides, list):
        return RawBox((), label, BOX, fault=_("It has no list of four numbers."), number=number)
    return RawBox(sides, label, BOX, form="sides", number=number)
