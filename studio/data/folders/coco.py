"""COCO: JSON files that list images, boxes and categories, beside the images. https://cocodataset.org/#format-data

Boxes are [left, top, width, height] in pixels. Outlines (polygons) become masks. Files for captions, or without any
box, are not used.
"""

import json
import mmap
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from studio.data.annotations import LONGEST_SIDE, AnnotatedImage, RawBox, stated_size
from studio.data.columns import Problem
from studio.data.fields.number import read_number
from studio.data.folders.base import FolderFormat, Listing, Upload
from studio.data.folders.box_listing import list_images
from studio.data.folders.image_names import ImageNames
from studio.data.folders.split_folders import split_of_file, split_of_path
from studio.data.masks import Masks, Outline, RawMask
from studio.errors import StudioError
from studio.language import _, plural

MARKS = (b'"images"', b'"annotations"', b'"bbox"')
MOST_FILES = 50
NO_OBJECT = _("It is no object with names.")
PLACE = _("annotation {number} of {file}")


def recognises(upload: Upload) -> bool:
    return bool(upload.found.images) and bool(_files(upload))


def read(upload: Upload) -> Listing:
    names = ImageNames(upload.found.images)
    problems: list[Problem] = []
    images: list[AnnotatedImage] = []
    outlines: dict[str, RawMask] = {}
    for name in _files(upload):
        document = load(upload, name)
        if has_boxes(document):
            images += annotated(document, name, names, problems)
            outlines |= outlined(document, names.inside(name))
    if not images:
        raise StudioError(
            _("The COCO files list no image."),
            _("'images' is empty, or not a list."),
            _("Check that they are the right ones."),
        )
    listing = list_images(images, upload, problems)
    if not any(mask.outlines for mask in outlines.values()):
        return listing
    rows = listing.table["image"].items()
    return replace(listing, masks=Masks({int(str(row)): outlines.get(image, RawMask()) for row, image in rows}))


def _files(upload: Upload) -> list[str]:
    """JSON files in which the words of this format stand; they can be too large to read them all for a guess."""
    named = [name for name in upload.found.tables if name.lower().endswith(".json")][:MOST_FILES]
    return [name for name in named if _holds_marks(upload, name)]


def _holds_marks(upload: Upload, name: str) -> bool:
    if not upload.size(name):
        return False
    with (upload.folder / name).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return all(content.find(mark) >= 0 for mark in MARKS)


def load(upload: Upload, name: str) -> dict[str, Any]:
    """The document. Raises StudioError."""
    try:
        document = json.loads(upload.text(name, upload.limits.unpacked_bytes))
    except (ValueError, RecursionError) as error:
        raise StudioError(
            _("{file} is not valid JSON.", file=name), f"{error}.", _("Copy or save the file again.")
        ) from error
    return document if isinstance(document, dict) else {}


def has_boxes(document: dict[str, Any]) -> bool:
    """Whether it lists images with boxes, and not captions or the like."""
    return isinstance(document.get("images"), list) and any("bbox" in each for each in _dicts(document, "annotations"))


def annotated(
    document: dict[str, Any], file: str, names: ImageNames, problems: list[Problem]
) -> Iterator[AnnotatedImage]:
    """Every image that the document lists, with its boxes; what belongs to none is added to `problems`."""
    split = split_of_file(file) or split_of_path(file)
    inside = names.inside(file)
    labels = {str(each.get("id")): each.get("name") for each in _dicts(document, "categories")}
    listed: dict[str, dict[str, Any]] = {}
    for number, each in enumerate(document["images"], start=1):
        if not isinstance(each, dict) or str(each.get("id")) in listed:
            why = _("It has the id of another one.") if isinstance(each, dict) else NO_OBJECT
            what = _("Image {number} in the list of {file} is left out.", number=number, file=file)
            problems.append(Problem(0, what, why, drops=False))
        else:
            listed[str(each.get("id"))] = each
    boxes: dict[str, list[RawBox]] = {key: [] for key in listed}
    crowds = 0
    for number, each in enumerate(document["annotations"], start=1):
        key = str(each.get("image_id")) if isinstance(each, dict) else ""
        if not isinstance(each, dict) or key not in boxes:
            why = _("It belongs to the image '{image}', which is not in the list of images.", image=key[:40])
            why = why if isinstance(each, dict) else NO_OBJECT
            what = _("Annotation {number} of {file} is left out.", number=number, file=file)
            problems.append(Problem(0, what, why, drops=False))
        elif each.get("iscrowd") in (1, True):
            crowds += 1
        else:
            boxes[key].append(read_annotation(each, labels, file, number))
    if crowds:
        what = plural("{n:,} box round a crowd is left out.", "{n:,} boxes round crowds are left out.", crowds)
        why = _("Nothing single can be learned from a crowd. The file is {file}.", file=file)
        problems.append(Problem(0, what, why, drops=False))
    for key, each in listed.items():
        name = str(each.get("file_name") or "")
        size = stated_size(each.get("width"), each.get("height"))
        yield AnnotatedImage(name or f"image {key}", inside(name), boxes[key], split, size)


def read_annotation(each: dict[str, Any], labels: dict[str, Any], file: str, number: int) -> RawBox:
    category = str(each.get("category_id"))
    values = each.get("bbox")
    if not isinstance(values, list):
        return RawBox((), "", PLACE, fault=_("It has no 'bbox'."), number=number, file=file)
    if labels and category not in labels:
        fault = _("Its category {category} is not in the list of categories.", category=category[:40])
        return RawBox((), "", PLACE, fault=fault, number=number, file=file)
    return RawBox(values, labels.get(category, category), PLACE, form="sides", number=number, file=file)


def outlined(document: dict[str, Any], names: ImageNames) -> dict[str, RawMask]:
    """Image -> the outlines of what is in it, the largest first: what lies before something else is drawn over it."""
    labels = {str(each.get("id")): str(each.get("name")) for each in _dicts(document, "categories")}
    found: dict[str, list[Outline]] = {}
    for each in sorted(_dicts(document, "annotations"), key=lambda each: -(read_number(each.get("area")) or 0.0)):
        polygons, label = each.get("segmentation"), labels.get(str(each.get("category_id")))
        if label and isinstance(polygons, list):
            drawn = [Outline(label, points) for polygon in polygons if (points := _points(polygon))]
            found.setdefault(str(each.get("image_id")), []).extend(drawn)
    masks = {}
    for each in _dicts(document, "images"):
        if image := names(each.get("file_name")):
            size = stated_size(each.get("width"), each.get("height"))
            masks[image] = RawMask(outlines=tuple(found.get(str(each.get("id")), ())), size=size)
    return masks


def _points(polygon: object) -> tuple[tuple[float, float], ...]:
    """[x, y, x, y, ...] as points; nothing for what is no polygon."""
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        return ()
    numbers = [read_number(value) for value in polygon]
    if any(number is None or abs(number) > LONGEST_SIDE for number in numbers):
        return ()
    return tuple(zip((n or 0.0 for n in numbers[::2]), (n or 0.0 for n in numbers[1::2]), strict=True))


def _dicts(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    values = document.get(key)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


COCO = FolderFormat("coco", "COCO", recognises, read)
