"""Folders of images, one a class: `ant/1.jpg`, `bee/2.jpg`; around them perhaps `train/` and `val/`."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.guesses import Guess, Topic, confidence, guess
from studio.data.options import ReadingOptions
from studio.data.split_names import split_named
from studio.language import _, plural

FOLDER, NAME = "folder", "name"
MOST_LEVELS = 4
CHOICES = {
    FOLDER: _("From its outermost folder"),
    "folder-2": _("From the second folder around it"),
    "folder-3": _("From the third folder around it"),
    "folder-4": _("From the fourth folder around it"),
    NAME: _("From the beginning of its file's name"),
}
TOLD = {
    FOLDER: _("The class of an image is taken from its outermost folder: {classes}."),
    "folder-2": _("The class of an image is taken from the second folder around it: {classes}."),
    "folder-3": _("The class of an image is taken from the third folder around it: {classes}."),
    "folder-4": _("The class of an image is taken from the fourth folder around it: {classes}."),
    NAME: _("The class of an image is taken from the beginning of its file's name: {classes}."),
}
PLACE = Topic("class place", _("Where the class stands"), "data.reading.label_from", CHOICES.__getitem__)


def recognises(upload: Upload) -> bool:
    """Whatever has images can be read so."""
    return bool(upload.found.images)


def read(upload: Upload) -> Listing:
    strangers = upload.found.others + upload.found.tables
    problems = []
    if strangers:
        what = plural("{n:,} file is no image and left out.", "{n:,} files are no images and left out.", len(strangers))
        problems = [Problem(0, what, shown(strangers), drops=False)]
    images, given = upload.found.images, upload.reading.label_from
    if given:
        return Listing(from_folders(images, given), problems, ReadingOptions(label_from=given))
    found = guess_place(images)
    reading = ReadingOptions(label_from=found.value if found.value != FOLDER else None)
    return Listing(from_folders(images, found.value), problems, reading, guesses=(found,))


def guess_place(images: Sequence[str]) -> Guess:
    """Where the classes stand: in which level of folders, or at the beginning of the files' names.

    Some classes with several images each speak for a place. A folder further in is meant as often where its names come
    again in several outer ones, as in `patient-1/healthy`.
    """
    _unused, folders = _parts(images)
    depth = max((len(each) for each in folders), default=0)
    places = {FOLDER if level == 0 else f"{FOLDER}-{level + 1}": level for level in range(min(depth, MOST_LEVELS))}
    evidence = {}
    for place, level in places.items():
        names = [each[level] if len(each) > level else None for each in folders]
        outer: dict[str, set[str]] = defaultdict(set)
        for name, each in zip(names, folders, strict=True):
            if name and level:
                outer[name].add(each[level - 1])
        again = level and sum(len(some) > 1 for some in outer.values()) * 2 > len(outer)
        evidence[place] = _usable(names) * (1.0 if level == 0 or again else 0.5)
    names = [beginning(PurePosixPath(image).stem) for image in images]
    evidence[NAME] = _usable(names) * 0.5
    ranked = sorted((place for place in evidence if evidence[place]), key=lambda place: -evidence[place]) or [FOLDER]
    best, rest = ranked[0], ranked[1:]
    sure = confidence(evidence.get(best, 1.0), evidence[rest[0]] if rest else 0.0)
    if best == NAME:
        sure = min(sure, 0.6)  # no folder says a class, and the names may say something else
    classes = sorted({name for name in _labels(images, best) if name})
    return guess(PLACE, ranked, sure, _(TOLD[best], classes=shown(classes)))


def beginning(stem: str) -> str | None:
    """What stands before the number in a file's name: `circle.0`, `cat_12`, `dog (3)`."""
    match = re.match(r"(.*?[^\W\d_])[\W_]*\d+\W*$", stem)
    return match[1] if match else None


def _usable(names: Sequence[str | None]) -> float:
    """The share of images with a class, where there are some classes, of several images each."""
    counts = Counter(name for name in names if name)
    if len(counts) < 2 or sum(counts.values()) < 2 * len(counts):
        return 0.0
    return sum(counts.values()) / len(names)


def _labels(images: Sequence[str], place: str) -> list[str | None]:
    if place == NAME:
        return [beginning(PurePosixPath(image).stem) for image in images]
    level = int(place.removeprefix(FOLDER).removeprefix("-") or 1) - 1 if place.startswith(FOLDER) else 0
    return [each[level] if len(each) > level else None for each in _parts(images)[1]]


def _parts(images: Sequence[str]) -> tuple[list[str | None] | None, list[tuple[str, ...]]]:
    """The split of each image, if the top folders are called after splits, and the folders below."""
    depth = wrapping(images)
    tails = [PurePosixPath(name).parts[depth:] for name in images]
    tops = {tail[0] for tail in tails if len(tail) > 1}
    named = [split for top in tops if (split := split_named(top))]
    has_splits = bool(tops) and (len(named) == len(tops) or len(set(named)) > 1)
    splits = [split_named(tail[0]) if has_splits and len(tail) > 1 else None for tail in tails]
    folders = []
    for tail, split in zip(tails, splits, strict=True):
        below = tail[1:-1] if split else tail[:-1]
        folders.append(below if split or not has_splits else ())
    return splits if has_splits else None, folders


def from_folders(images: Sequence[str], place: str = FOLDER) -> pandas.DataFrame:
    """Columns image, label and, where the top folders are called train, val, test or alike, split."""
    splits, _unused_2 = _parts(images)
    table = pandas.DataFrame({"image": images, "label": _labels(images, place)}, dtype="str")
    if splits is not None:
        table["split"] = pandas.Series(splits, dtype="str")
    table.index = pandas.RangeIndex(1, len(table) + 1, name="row")
    return table


def wrapping(images: Sequence[str]) -> int:
    """How many folders lie around the class folders: an archive of `photos/cats/1.jpg` has one."""
    paths = [PurePosixPath(name).parts for name in images]
    depth = 0
    while paths and all(len(path) - depth >= 3 for path in paths):
        tops = {path[depth] for path in paths}
        if len(tops) > 1 or split_named(next(iter(tops))):
            break
        depth += 1
    return depth


CLASS_FOLDERS = FolderFormat("class-folders", "folders of images", recognises, read)
