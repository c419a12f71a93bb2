"""Bounding boxes of the objects in an image, with a label each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.fields.objects import fit_of_lists, label_in, labels_of, rarest_label, read_list, with_labels
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

LARGEST = 1e9  # pixels; more is a mistake
SHAPE = '{"box": [left, top, width, height], "label": "cat"}'


@dataclass(frozen=True)
class Box:
    """Pixels of the stored image, from its top left corner."""

    left: float
    top: float
    width: float
    height: float
    label: str

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom)."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def scaled(self, by: float) -> "Box":
        """The box in an image whose sides are so many times as long."""
        return Box(self.left * by, self.top * by, self.width * by, self.height * by, self.label)

    def as_dict(self) -> dict[str, Any]:
        sides = (self.left, self.top, self.width, self.height)
        return {"box": [round(side, 2) for side in sides], "label": self.label}


class Boxes(Field):
    name = "boxes"
    examples = (
        '[{"box": [24, 30, 48, 36], "label": "dent"}]',
        '[{"box": [24, 30, 48, 36], "label": "scratch"}]',
        "[]",
    )
    is_plain = False
    missing = _("Nothing says which boxes there are; where there are none, write [].")
    bring = {
        "text": _(
            "Put the images and their boxes into one ZIP: COCO (JSON), Pascal VOC (XML), YOLO (TXT), or a table "
            "with a column of boxes."
        ),
        "image": _(
            "Add a ZIP with the images and their boxes: COCO (JSON), Pascal VOC (XML), YOLO (TXT), or a table "
            "with a column of boxes."
        ),
    }
    example = "[]"
    absent = _("Nothing in this data says where objects are.")

    def parse(self, cell: str, files: Path | None) -> list[Box]:
        return read_boxes(cell)

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        for row, cell in cells.items():
            try:
                read_boxes(str(cell))
            except StudioError as error:
                yield Problem(int(str(row)), error.explanation.what, error.explanation.why, column=column.name)

    def require_lesson(self, cells: pandas.Series) -> None:
        if not any(map(labels_of, cells)):
            raise StudioError(
                _("No image has a box."), _("The model would learn to find nothing."), _("Use images with boxes.")
            )

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        return fit_of_lists(profile, read_boxes)

    def classes(self, cell: str) -> tuple[str, ...]:
        return labels_of(cell)

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        return with_labels(cell, names)

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        return rarest_label(cells)


def read_boxes(cell: str) -> list[Box]:
    """The boxes of a cell. Raises StudioError for what is none."""
    boxes = []
    for value in read_list(cell, SHAPE):
        sides = value.get("box")
        if not isinstance(sides, list) or len(sides) != 4 or not all(is_length(side) for side in sides):
            raise StudioError(
                _("'{sides}' is no box.", sides=str(sides)[:60]),
                _("Each looks like {shape}, in pixels.", shape=SHAPE),
                _("Correct it."),
            )
        left, top, width, height = map(float, sides)
        box = Box(left, top, width, height, label_in(value, SHAPE))
        if box.width <= 0 or box.height <= 0:
            what = _(
                "A box of '{label}' has no area ({width:g} x {height:g} pixels).",
                label=box.label,
                width=box.width,
                height=box.height,
            )
            raise StudioError(what, _("Width and height must be larger than 0."), _("Correct or remove it."))
        boxes.append(box)
    return boxes


def is_length(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
