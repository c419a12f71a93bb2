"""Tables without files: the one that was packed alone, or one for each split (train.txt, dev.txt, test.txt)."""

from collections.abc import Mapping
from dataclasses import replace

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload, shown
from studio.data.folders.split_folders import split_of_file, split_of_path
from studio.data.reading import find_format, look_at
from studio.language import _


def recognises(upload: Upload) -> bool:
    if upload.found.files:
        return False
    return len(upload.found.tables) == 1 or len(_chosen(upload)) > 1


def read(upload: Upload) -> Listing:
    names = _chosen(upload)
    table, problems = join({name: upload.table(name) for name in names}, names)
    first = next(iter(names))
    if left := [name for name in upload.found.tables if name not in names]:
        why = _("Left out: {files}", files=shown(left))
        problems.append(Problem(0, _("Not all tables in it are read."), why, drops=False))
    found = look_at(upload.folder / first, upload.reading, upload.limits)
    return Listing(
        table, problems, found.options, format=find_format(upload.folder / first).name, guesses=found.guesses
    )


def _chosen(upload: Upload) -> dict[str, str | None]:
    sizes = {name: upload.size(name) for name in upload.found.tables}
    return choose_by_split(sizes) if sizes else {}


def choose_by_split(sizes: Mapping[str, int]) -> dict[str, str | None]:
    """Table -> its split, for the tables called after splits if there are several such; else the largest one alone."""
    splits = {name: split_of_file(name) or split_of_path(name) for name in sizes}
    if len(set(splits.values()) - {None}) > 1:
        return {name: split for name, split in splits.items() if split}
    return {max(sizes, key=lambda name: sizes[name]): None}


def join(
    tables: Mapping[str, tuple[pandas.DataFrame, list[Problem]]], splits: Mapping[str, str | None]
) -> tuple[pandas.DataFrame, list[Problem]]:
    """The tables one below the other, with a column `split` where there are several; rows are counted on."""
    parts: list[pandas.DataFrame] = []
    all_problems: list[Problem] = []
    before = 0
    for name, (table, problems) in tables.items():
        if len(tables) > 1:
            table = table.assign(split=splits[name])
        last = max([*table.index, *(problem.row for problem in problems)], default=0)
        table.index = table.index + before
        all_problems += [replace(problem, row=problem.row + before) if problem.row else problem for problem in problems]
        parts.append(table)
        before += last
    joined = pandas.concat(parts) if len(parts) > 1 else parts[0]
    joined.index.name = "row"
    return joined, all_problems


SPLIT_TABLES = FolderFormat("tables", "tables", recognises, read)
