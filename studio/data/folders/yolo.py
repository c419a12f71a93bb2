"""YOLO: a text file for each image, with a line `class x y width height` for each box, as shares of the image.

https://docs.ultralytics.com/datasets/detect. x and y are the centre. Files lie in labels/ for images in images/, or
beside their image. Names of classes stand in data.yaml, classes.txt or obj.names. A line with an outline of three
points or more, as for segmentation, is read as the box around it. An image without a file has no objects.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

import yaml

from studio.data.annotations import AnnotatedImage, RawBox
from studio.data.columns import Problem
from studio.data.fields.number import read_number
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.folders.box_listing import list_images, listed_splits, split_of_list
from studio.data.folders.image_names import ImageNames
from studio.data.limits import MEGABYTE
from studio.errors import StudioError
from studio.language import _, plural

LARGEST_FILE = 8 * MEGABYTE
LARGEST_YAML = 200_000  # bytes; reading more of it takes long
FILES_SEEN = 20  # to recognise a folder
MOST_SHARE = 2.0  # more than that of a side is meant as pixels
PLACE = _("line {number} of {file}")
LISTS_OF_NAMES = ("classes.txt", "obj.names", "_darknet.labels", "labels.txt", "names.txt", "predefined_classes.txt")


def recognises(upload: Upload) -> bool:
    """At least half of the files beside images hold numbers such as a box has."""
    files = list(label_files(upload).values())
    seen = [lines_of(upload, name) for name in files[:: max(1, len(files) // FILES_SEEN)]]
    filled = [lines for lines in seen if lines]
    return bool(filled) and sum(_is_box(lines[0]) for lines in filled) * 2 >= len(filled)


def read(upload: Upload) -> Listing:
    files = label_files(upload)
    names, problems = class_names(upload)
    lists = [name for name in upload.found.tables if split_of_list(name) and name not in files.values()]
    splits, doubtful = listed_splits(upload, lists, ImageNames(upload.found.images))
    if without := [image for image in upload.found.images if image not in files]:
        what = plural("{n:,} image has no file of boxes.", "{n:,} images have no file of boxes.", len(without))
        why = _("Each counts as an image without objects: {files}", files=shown(without))
        problems.append(Problem(0, what, why, drops=False))
    problems += _without_image(upload, files)
    return list_images(_annotated(upload, files, names, splits), upload, problems + doubtful)


def label_files(upload: Upload) -> dict[str, str]:
    """Image -> its text file: at its place under labels/, beside it, or anywhere under the same, single name."""
    texts = [name for name in upload.found.tables if name.lower().endswith(".txt")]
    by_path = {name[: -len(".txt")]: name for name in texts}
    by_stem = ImageNames([name for name in texts if PurePosixPath(name).name.lower() not in LISTS_OF_NAMES])
    found = {}
    for image in upload.found.images:
        stem = image.removesuffix(PurePosixPath(image).suffix)
        there = next((by_path[path] for path in places_of(stem) if path in by_path), None)
        if there or (there := by_stem(PurePosixPath(stem).name)):
            found[image] = there
    return found


def places_of(stem: str) -> Iterator[str]:
    """Where the labels of an image can lie: labels/ in the place of images/, from the innermost, then beside it."""
    parts = stem.split("/")
    for position in reversed(range(len(parts) - 1)):
        if parts[position].lower() == "images":
            yield "/".join([*parts[:position], "labels", *parts[position + 1 :]])
    yield "/".join([*parts[:-1], "labels", parts[-1]])
    yield stem


def lines_of(upload: Upload, name: str) -> list[str]:
    """The lines of a label file; of one that is too large none."""
    try:
        return [line for line in upload.text(name, LARGEST_FILE).splitlines() if line.strip()]
    except StudioError:
        return []


def _is_box(line: str) -> bool:
    values = line.split()
    return len(values) >= 5 and values[0].isdecimal() and all(read_number(value) is not None for value in values)


def _without_image(upload: Upload, files: Mapping[str, str]) -> list[Problem]:
    """Files that lie among the label files, but belong to no image."""
    folders = {name.rpartition("/")[0] for name in files.values()}
    used = {*files.values(), *_files_named(upload, LISTS_OF_NAMES)}
    lost = [
        name
        for name in upload.found.tables
        if name.lower().endswith(".txt")
        and name not in used
        and name.rpartition("/")[0] in folders
        and any(map(_is_box, lines_of(upload, name)[:1]))
    ]
    if not lost:
        return []
    what = plural(
        "{n:,} file of boxes has no image of the same name.",
        "{n:,} files of boxes have no image of the same name.",
        len(lost),
    )
    return [Problem(0, what, _("Left out: {files}", files=shown(lost)), drops=False)]


def _files_named(upload: Upload, names: Sequence[str]) -> list[str]:
    there = [*upload.found.tables, *upload.found.others]
    return sorted(
        (name for name in there if PurePosixPath(name).name.lower() in names), key=lambda name: name.count("/")
    )


def class_names(upload: Upload) -> tuple[dict[str, str], list[Problem]]:
    """Number of a class -> its name; where no file says, nothing, with a remark."""
    why = _("There is no data.yaml, classes.txt or obj.names; the numbers of the classes stand for them.")
    for file, stated in _stated_names(upload):
        if names := {number: name for number, name in stated.items() if name.strip()}:
            return names, []
        if stated:
            why = _("The names in {file} are empty; the numbers of the classes stand for them.", file=file)
    return {}, [Problem(0, _("Nothing says what the classes are called."), why, drops=False)]


def _stated_names(upload: Upload) -> Iterator[tuple[str, dict[str, str]]]:
    """Each file that can name the classes, and the names in it, empty ones among them."""
    for name in upload.found.others:
        if name.lower().endswith((".yaml", ".yml")) and upload.size(name) <= LARGEST_YAML:
            yield name, names_in_yaml(upload.text(name))
    for name in _files_named(upload, LISTS_OF_NAMES):
        yield name, {str(number): line.strip() for number, line in enumerate(upload.text(name).splitlines())}


def names_in_yaml(text: str) -> dict[str, str]:
    """`names` of a data.yaml: a list, or number -> name. Empty for anything else."""
    try:
        document = yaml.load(text, Loader=yaml.BaseLoader)  # which makes nothing but texts, lists and dicts
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {str(number): name for number, name in names.items() if isinstance(name, str)}


def _annotated(
    upload: Upload, files: Mapping[str, str], names: Mapping[str, str], splits: Mapping[str, str]
) -> Iterator[AnnotatedImage]:
    for image in upload.found.images:
        boxes: list[RawBox] = []
        if image in files:
            try:
                lines = upload.text(files[image], LARGEST_FILE).splitlines()
            except StudioError as error:
                yield AnnotatedImage(files[image], None, fault=error.explanation.why)
                continue
            short = PurePosixPath(files[image]).name
            boxes = [
                read_line(line, names, short, number) for number, line in enumerate(lines, start=1) if line.strip()
            ]
        yield AnnotatedImage(image, image, boxes, splits.get(image))


def read_line(line: str, names: Mapping[str, str], file: str, count: int) -> RawBox:
    """count: the number of the line in its file."""
    make = partial(RawBox, place=PLACE, number=count, file=file)
    label, *values = line.split()
    number = read_number(label)
    if number is None or number < 0 or not number.is_integer():
        return make((), "", fault=_("'{label}' is not the number of a class.", label=label[:40]))
    key = str(int(number))
    if names and key not in names:
        fault = _("The class {number} is not among those that have a name.", number=key[:40])
        return make((), "", fault=fault)
    label = names.get(key, key)
    if len(values) >= 6 and len(values) % 2 == 0:
        return _round_outline(values, label, make)
    if len(values) != 4:
        fault = plural("It has {n} number instead of 5.", "It has {n} numbers instead of 5.", len(values) + 1)
        return make((), label, fault=fault)
    if any((read_number(value) or 0.0) > MOST_SHARE for value in values):
        return make((), label, fault=_("Its numbers are no shares of the image's sides, from 0 to 1."))
    return make(values, label, form="centre", shares=True)


def _round_outline(values: Sequence[str], label: str, make: Callable[..., RawBox]) -> RawBox:
    numbers = [read_number(value) for value in values]
    points = [number for number in numbers if number is not None]
    if len(points) < len(numbers):
        return make((), label, fault=_("A point of its outline is not a number."))
    across, down = points[0::2], points[1::2]
    return make((min(across), min(down), max(across), max(down)), label, shares=True)


YOLO = FolderFormat("yolo", "YOLO", recognises, read)
