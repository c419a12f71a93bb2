"""Folders of images, one a class: `ant/1.jpg`, `bee/2.jpg`; around them perhaps `train/` and `val/`."""

from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.split_names import split_named


def recognises(upload: Upload) -> bool:
    """Whatever has images can be read so."""
    return bool(upload.found.images)


def read(upload: Upload) -> Listing:
    strangers = upload.found.others + upload.found.tables
    problems = []
    if strangers:
        count = "1 file is no image" if len(strangers) == 1 else f"{len(strangers):,} files are no images"
        problems = [Problem(0, f"{count} and left out.", shown(strangers), drops=False)]
    return Listing(from_folders(upload.found.images), problems)


def from_folders(images: Sequence[str]) -> pandas.DataFrame:
    """Columns image, label and, where the top folders are called train, val, test or alike, split."""
    depth = wrapping(images)
    tails = [PurePosixPath(name).parts[depth:] for name in images]
    tops = {tail[0] for tail in tails if len(tail) > 1}
    named = [split for top in tops if (split := split_named(top))]
    has_splits = bool(tops) and (len(named) == len(tops) or len(set(named)) > 1)
    rows = []
    for name, tail in zip(images, tails, strict=True):
        split = split_named(tail[0]) if has_splits and len(tail) > 1 else None
        folders = tail[1:-1] if split else tail[:-1]
        label = folders[0] if folders and (split or not has_splits) else None
        rows.append((name, label, split))
    table = pandas.DataFrame(rows, columns=["image", "label", "split"], dtype="str")
    table.index = pandas.RangeIndex(1, len(table) + 1, name="row")
    return table if has_splits else table.drop(columns="split")


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
