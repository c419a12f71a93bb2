"""Finding the split of uploaded files from the names of folders and lists."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from studio.data.split_names import split_named

_WORDS = re.compile(r"[a-z]+")


def split_of_file(name: str) -> str | None:
    """By a word in the file's own name: `train.csv`, `instances_val2017.json`."""
    return _split_in(PurePosixPath(name).stem)


def split_of_path(name: str) -> str | None:
    """By the folder that is nearest to the file and called after a split: `train/images/1.jpg`, `val2017/1.jpg`."""
    folders = reversed(PurePosixPath(name).parts[:-1])
    return next((split for folder in folders if (split := split_named(folder.rstrip("0123456789_- ")))), None)


def splits_of_paths(names: Sequence[str]) -> list[str | None]:
    """The same for many files. Where only some lie in such a folder, and all of those in one, it is no split."""
    splits = [split_of_path(name) for name in names]
    known = set(splits)
    return splits if None not in known or len(known) > 2 else [None] * len(splits)


def _split_in(name: str) -> str | None:
    return next((split for word in _WORDS.findall(name.lower()) if (split := split_named(word))), None)
