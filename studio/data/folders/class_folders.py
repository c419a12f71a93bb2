"""Folders of images or recordings, one a class: `ant/1.jpg`, `bee/2.jpg`; around them perhaps `train/` and `val/`."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.guesses import Guess, Topic, confidence, guess
from studio.data.media import IMAGES, SOUNDS, Media
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
TOLD_OF_SOUNDS = _("The class of a recording is taken from where it lies, or from its name: {classes}.")
PLACE = Topic("class place", _("Where the class stands"), "data.reading.label_from", CHOICES.__getitem__)


def recognises(media: Media, upload: Upload) -> bool:
    """Whatever has such files can be read so."""
    return upload.found.media == media


def read(media: Media, upload: Upload) -> Listing:
    found = upload.found
    strangers = found.others + found.tables + (found.sounds if found.images else [])
    problems = []
    if strangers and media == IMAGES:
        what = plural("{n:,} file is no image and left out.", "{n:,} files are no images and left out.", len(strangers))
        problems = [Problem(0, what, shown(strangers), drops=False)]
    elif strangers:
        what = plural(
            "{n:,} file is no recording and left out.", "{n:,} files are no recordings and left out.", len(strangers)
        )
        problems = [Problem(0, what, shown(strangers), drops=False)]
    given = upload.reading.label_from
    if given:
        return Listing(from_folders(found.files, given, media), problems, ReadingOptions(label_from=given))
    place = guess_place(found.files, media)
    reading = ReadingOptions(label_from=place.value if place.value != FOLDER else None)
    return Listing(from_folders(found.files, place.value, media), problems, reading, guesses=(place,))


def guess_place(images: Sequence[str], media: Media = IMAGES) -> Guess:
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
    told = TOLD[best] if media == IMAGES else TOLD_OF_SOUNDS
    return guess(PLACE, ranked, sure, _(told, classes=shown(classes)))


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


def from_folders(images: Sequence[str], place: str = FOLDER, media: Media = IMAGES) -> pandas.DataFrame:
    """Columns image (or audio), label and, where the top folders are called train, val, test or alike, split."""
    splits, _unused_2 = _parts(images)
    table = pandas.DataFrame({media.name: images, "label": _labels(images, place)}, dtype="str")
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


CLASS_FOLDERS = FolderFormat("class-folders", "folders of images", partial(recognises, IMAGES), partial(read, IMAGES))
SOUND_FOLDERS = FolderFormat(
    "sound-folders", "folders of recordings", partial(recognises, SOUNDS), partial(read, SOUNDS)
)
