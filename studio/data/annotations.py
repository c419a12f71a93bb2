"""Boxes as annotation files write them, checked and converted to pixels of the stored image."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Literal

from studio.data.columns import Problem
from studio.data.fields.boxes import Box
from studio.data.fields.number import read_number
from studio.data.formats.base import encodable
from studio.data.image_files import StoredImage
from studio.language import _, plural

Corners = tuple[float, float, float, float]
ROUNDING = 1.0  # pixels by which a box may stick out without a word
LEAST_INSIDE = 0.5  # of its area; with less of it inside, a box is a mistake
LONGEST_SIDE = 1_000_000  # of an image, in pixels
SAME_SHAPE = 0.02  # by which the ratios of two sizes of one image may differ
BOX = _("box {number}")


@dataclass(frozen=True, slots=True)
class RawBox:
    """A box as its file gives it.

    values: "corners" (left, top, right, bottom), "sides" (left, top, width, height) or "centre" (centre x, centre y,
    width, height), in pixels or, with `shares`, as parts of the image's sides. They can be anything a file holds.
    place, number, file: where it stands, for messages, such as "line {number} of {file}"; see `where`.
    fault: why its reader cannot take it.
    """

    values: Sequence[object]
    label: object
    place: str
    form: Literal["corners", "sides", "centre"] = "corners"
    shares: bool = False
    fault: str = ""
    number: int = 0
    file: str = ""

    @property
    def where(self) -> str:
        return _(self.place, number=self.number, file=self.file)


@dataclass(frozen=True)
class AnnotatedImage:
    """An image and what its annotations say of it.

    name: as the annotations call it. image: its path in the upload, None where it is missing. size: (width, height)
    that the annotations were made on, if they say so. fault: why nothing of this can be used.
    """

    name: str
    image: str | None
    boxes: list[RawBox] = field(default_factory=list)
    split: str | None = None
    size: tuple[int, int] | None = None
    fault: str = ""


@dataclass(frozen=True)
class Frame:
    """The image that annotations measure: its size, and how it must be turned to become the stored one of `target`."""

    size: tuple[float, float]
    orientation: int
    target: tuple[int, int]


class UnusableBoxError(ValueError):
    """Says why a box cannot be used."""


def merge(annotated: Iterable[AnnotatedImage]) -> list[AnnotatedImage]:
    """Each image once. What several files say of one is put together; what both say of it counts once."""
    merged: dict[object, AnnotatedImage] = {}
    for image in annotated:
        key = image.image or (image.name, image.fault)
        if key in merged:
            known = merged[key]
            there = {(*map(str, box.values), str(box.label)) for box in known.boxes}
            new = [box for box in image.boxes if (*map(str, box.values), str(box.label)) not in there]
            split, size = known.split or image.split, known.size or image.size
            merged[key] = replace(known, boxes=known.boxes + new, split=split, size=size)
        else:
            merged[key] = image
    return list(merged.values())


def place_boxes(row: int, annotated: AnnotatedImage, stored: StoredImage) -> tuple[list[Box], list[Problem]]:
    """The boxes in pixels of the stored image, and a remark for each that was left out or cut at the image's edge."""
    shown = PurePosixPath(annotated.name).name
    frame, remark = frame_of(annotated.size, stored)
    problems = (
        [Problem(row, _("{image}: {remark}", image=shown, remark=remark), drops=False, column="boxes")]
        if remark
        else []
    )
    boxes = []
    for raw in annotated.boxes:
        try:
            box, out = place(raw, frame)
        except UnusableBoxError as error:
            what = _("{image}: {place} is left out.", image=shown, place=raw.where)
            problems.append(Problem(row, what, str(error), drops=False, column="boxes"))
            continue
        boxes.append(box)
        if out:
            what = _("{image}: {place} was cut at the edge of the image.", image=shown, place=raw.where)
            why = plural(
                "'{label}' sticks out by {n} pixel.", "'{label}' sticks out by {n} pixels.", round(out), label=box.label
            )
            problems.append(Problem(row, what, why, drops=False, column="boxes"))
    return boxes, problems


def frame_of(said: tuple[int, int] | None, stored: StoredImage) -> tuple[Frame, str]:
    """What the annotations measure, and a remark where the size that they name is not the image's.

    Some tools show an image upright, others as the camera's chip had it: the size that they name tells which.
    """
    if said == stored.raw != stored.upright:
        return Frame(stored.raw, stored.orientation, stored.size), ""
    if said is None or said == stored.upright:
        return Frame(stored.upright, 1, stored.size), ""
    sizes = {"stated": _size(said), "actual": _size(stored.upright)}
    if abs(said[0] * stored.upright[1] / (said[1] * stored.upright[0]) - 1) < SAME_SHAPE:
        remark = _(
            "{stated} pixels according to its annotations, {actual} in the file; the boxes were scaled.", **sizes
        )
        return Frame(said, 1, stored.size), remark
    remark = _(
        "{stated} pixels according to its annotations, {actual} in the file; the boxes were taken as they are.", **sizes
    )
    return Frame(stored.upright, 1, stored.size), remark


def _size(size: tuple[float, float]) -> str:
    return "{:g} x {:g}".format(*size)


def place(raw: RawBox, frame: Frame) -> tuple[Box, float]:
    """One box in the stored image, and by how many pixels it stuck out (0 for next to nothing)."""
    if raw.fault:
        raise UnusableBoxError(raw.fault)
    label = encodable(" ".join(str(raw.label).split())) if isinstance(raw.label, str | int) else ""
    if not label:
        raise UnusableBoxError(_("It has no class."))
    width, height = frame.size
    corners = corners_of(raw, frame)
    left, top, right, bottom = corners
    inside = max(0.0, left), max(0.0, top), min(width, right), min(height, bottom)
    told = {"label": label, "box": described(corners), "size": _size(frame.size)}
    if area(inside) <= 0:
        raise UnusableBoxError(_("'{label}' lies outside the image: {box} of {size}.", **told))
    if area(inside) < LEAST_INSIDE * area(corners):
        raise UnusableBoxError(_("Most of '{label}' lies outside the image: {box} of {size}.", **told))
    out = max(abs(one - other) for one, other in zip(corners, inside, strict=True))
    left, top, right, bottom = turn(scale(inside, 1 / width, 1 / height), frame.orientation)
    left, top, right, bottom = (
        round(value, 2) for value in scale((left, top, right, bottom), frame.target[0], frame.target[1])
    )
    box = Box(left, top, round(right - left, 2), round(bottom - top, 2), label)
    if min(box.width, box.height) <= 0:
        raise UnusableBoxError(_("'{label}' is too small: {box} of {size}.", **told))
    return box, out if out > ROUNDING else 0.0


def corners_of(raw: RawBox, frame: Frame) -> Corners:
    """(left, top, right, bottom) in pixels of the frame. Raises UnusableBoxError."""
    if len(raw.values) != 4:
        raise UnusableBoxError(
            plural("It has {n} number instead of 4.", "It has {n} numbers instead of 4.", len(raw.values))
        )
    numbers = [read_number(value) for value in raw.values]
    for value, number in zip(raw.values, numbers, strict=True):
        if number is None:
            raise UnusableBoxError(_("'{cell}' is not a number.", cell=str(value)[:40]))
    one, two, three, four = (number or 0.0 for number in numbers)
    if raw.form == "sides":
        one, two, three, four = one, two, one + three, two + four
    elif raw.form == "centre":
        one, two, three, four = one - three / 2, two - four / 2, one + three / 2, two + four / 2
    corners = scale((one, two, three, four), *frame.size) if raw.shares else (one, two, three, four)
    if not max(map(abs, corners)) < 1e9:
        raise UnusableBoxError(_("Its numbers are too large."))
    if corners[2] <= corners[0] or corners[3] <= corners[1]:
        raise UnusableBoxError(_("'{label}' has no area: {box}.", label=str(raw.label)[:40], box=described(corners)))
    return corners


def stated_size(width: object, height: object) -> tuple[int, int] | None:
    """The size that annotations name for an image; None for what can be none (some tools write 0)."""
    sides = [read_number(width), read_number(height)]
    if all(side is not None and 1 <= side <= LONGEST_SIDE for side in sides):
        return int(sides[0] or 0), int(sides[1] or 0)
    return None


def area(corners: Corners) -> float:
    left, top, right, bottom = corners
    return max(0.0, right - left) * max(0.0, bottom - top)


def scale(corners: Corners, across: float, down: float) -> Corners:
    left, top, right, bottom = corners
    return left * across, top * down, right * across, bottom * down


def described(corners: Corners) -> str:
    left, top, right, bottom = corners
    return _(
        "{width:g} x {height:g} pixels at ({left:g}, {top:g})",
        width=right - left,
        height=bottom - top,
        left=left,
        top=top,
    )


def turn(corners: Corners, orientation: int) -> Corners:
    """A box in an image of sides 1 x 1 that is turned upright from this EXIF orientation (CIPA DC-008, tag 274)."""
    left, top, right, bottom = corners
    if orientation >= 5:  # across the diagonal first
        left, top, right, bottom = top, left, bottom, right
    if orientation in (2, 3, 6, 7):
        left, right = 1 - right, 1 - left
    if orientation in (3, 4, 7, 8):
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom
