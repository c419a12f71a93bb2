"""Two folders, one of images and one of their masks: images/1.jpg with masks/1.png; around them perhaps train/ and
val/. A list of classes (classes.txt) names the numbers in the masks."""

import re
from pathlib import PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.folders.mask_names import mask_files
from studio.data.folders.split_folders import splits_of_paths
from studio.data.masks import is_mask_word
from studio.language import plural

_ENDINGS = re.compile(
    r"[_-]?(gtfine|leftimg8bit|labelids|labeltrainids|mask|masks|label|labels|seg|segmentation|gt|annotation|l|p)$"
)


def recognises(upload: Upload) -> bool:
    """At least half of the images outside of folders that are called as masks are have one in such a folder."""
    masks = mask_of_each(upload)
    plain = [name for name in upload.found.images if not _is_mask(name)]
    return bool(plain) and sum(name in masks for name in plain) * 2 >= len(plain)


def read(upload: Upload) -> Listing:
    masks = mask_of_each(upload)
    without = [name for name in upload.found.images if name not in masks and not _is_mask(name)]
    left = sorted({name for name in upload.found.images if _is_mask(name)}.difference(masks.values()))
    problems = []
    if without:
        what = plural("{n:,} image has no mask and is left out.", "{n:,} images have no mask and are left out.",
                      len(without))  # fmt: skip
        problems.append(Problem(0, what, shown(without), drops=False))
    if left:
        what = plural("{n:,} mask belongs to no image.", "{n:,} masks belong to no image.", len(left))
        problems.append(Problem(0, what, shown(left), drops=False))
    table = pandas.DataFrame({"image": list(masks)}, dtype="str")
    table.index = pandas.RangeIndex(1, len(table) + 1, name="row")
    splits = splits_of_paths(list(masks))
    if any(splits):
        table["split"] = pandas.Series(splits, dtype="str", index=table.index)
    return Listing(table, problems, masks=mask_files(upload, dict(enumerate(masks.values(), start=1))))


def mask_of_each(upload: Upload) -> dict[str, str]:
    """Image -> its mask: of the same name, whatever the ending, in the folder that takes the place of its own; else
    the only one of the name."""
    by_place: dict[tuple[str, ...], str] = {}
    by_stem: dict[str, list[str]] = {}
    for name in filter(_is_mask, upload.found.images):
        by_place[_place(name)] = name
        by_stem.setdefault(_place(name)[-1], []).append(name)
    found = {}
    for name in upload.found.images:
        if not _is_mask(name):
            alone = by_stem.get(_place(name)[-1], [])
            mask = by_place.get(_place(name)) or (alone[0] if len(alone) == 1 else None)
            if mask:
                found[name] = mask
    return found


def _is_mask(name: str) -> bool:
    return any(is_mask_word(folder) for folder in PurePosixPath(name).parts[:-1])


def _place(name: str) -> tuple[str, ...]:
    """Its folders without the one that says whether it is a mask or an image, and its plain stem."""
    *folders, file = PurePosixPath(name.lower()).parts
    at = [number for number, folder in enumerate(folders) if is_mask_word(folder) or "im" in folder]
    if at:
        del folders[at[-1]]
    stem = PurePosixPath(file).stem
    return (*folders, _ENDINGS.sub("", stem) or stem)


MASK_FOLDERS = FolderFormat("mask-folders", "images with masks", recognises, read)
