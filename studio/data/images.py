"""A folder of images, as it came out of an archive, as a table: image, label and perhaps split."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.image_files import ENDINGS, UNSUPPORTED_ENDINGS, store_image
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.progress import Progress, silent
from studio.data.reading import guess_reading, read_table
from studio.data.split_names import split_named
from studio.errors import StudioError

TABLE_ENDINGS = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx"})
_LEFTOVERS = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir"})
NAMES_SHOWN = 3
MOST_TABLES = 20


@dataclass(frozen=True)
class Images:
    """The table's index is `row`; `image` holds paths relative to the folder of stored copies."""

    table: pandas.DataFrame
    problems: list[Problem]
    format: str
    reading: ReadingOptions


@dataclass(frozen=True)
class Found:
    """The files of an upload: relative paths with `/`."""

    images: list[str]
    tables: list[str]
    others: list[str]


def find(names: Iterable[str]) -> Found:
    """Sort the files of an upload by what they are; what systems leave behind on their own is passed over."""
    images: list[str] = []
    tables: list[str] = []
    others: list[str] = []
    for name in sorted(names):
        path = PurePosixPath(name)
        if any(part.startswith(".") or part.lower() in _LEFTOVERS for part in path.parts):
            continue
        ending = path.suffix.lower()
        if ending in ENDINGS | UNSUPPORTED_ENDINGS:
            images.append(name)
        else:
            (tables if ending in TABLE_ENDINGS else others).append(name)
    return Found(images, tables, others)


def read_images(
    source: Path,
    found: Found,
    files: Path,
    thumbnails: Path,
    reading: ReadingOptions,
    limits: Limits,
    progress: Progress = silent,
) -> Images:
    """Every image below `source` that opens, copied below `files`; the others become problems."""
    listed = from_tables(source, found, reading, limits)
    table, problems, used = listed or (from_folders(found.images), [], ReadingOptions())
    if not listed and (strangers := found.others + found.tables):
        shown = ", ".join(strangers[:NAMES_SHOWN]) + (", ..." if len(strangers) > NAMES_SHOWN else "")
        count = "1 file is no picture" if len(strangers) == 1 else f"{len(strangers):,} files are no pictures"
        problems = [Problem(0, f"{count} and left out.", shown, drops=False)]
    table, broken = store_all(table, source, files, thumbnails, progress)
    if table.empty:
        raise StudioError(
            "None of the pictures can be used.",
            next((problem.why for problem in broken + problems if problem.drops), ""),
            "Save them as JPEG or PNG.",
        )
    problems = sorted(problems + broken, key=lambda problem: problem.row)
    return Images(table, problems, "pictures with a table" if listed else "folders of pictures", used)


# --- folders name the classes ------------------------------------------------------------------


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


# --- a table names the images ----------------------------------------------------------------


def from_tables(
    source: Path, found: Found, reading: ReadingOptions, limits: Limits
) -> tuple[pandas.DataFrame, list[Problem], ReadingOptions] | None:
    """Rows of the table inside the upload that names its images, or None when there is none.

    Two or more tables called after splits (train.csv, test.csv) are read one after the other.
    """
    matches: dict[str, tuple[pandas.DataFrame, list[Problem], str]] = {}
    bare: set[str] = set()
    finder = Finder(found.images)
    for name in likely_tables(source, found.tables):
        try:
            table, problems = read_table(source / name, reading, limits)
            if reading.header is None and any(finder.inside(name)(column) for column in table.columns):
                # a bare list: its first line is an image, not the names of the columns
                bare.add(name)
                table, problems = read_table(source / name, reading.model_copy(update={"header": False}), limits)
        except StudioError:
            continue  # a read-me or a licence; if it was meant to be the table, the person sees that none was found
        column = naming_column(table, finder.inside(name))
        if column:
            matches[name] = (table, problems, column)
    if not matches:
        return None
    splits = {name: split_of_file(name) for name in matches}
    named = [name for name in matches if splits[name]]
    chosen = (
        named if len({splits[name] for name in named}) > 1 else [max(matches, key=lambda name: len(matches[name][0]))]
    )
    tables: list[pandas.DataFrame] = []
    all_problems: list[Problem] = []
    before = 0
    for name in chosen:
        table, problems, column = matches[name]
        table, missing = resolve(table, column, finder.inside(name))
        if len(chosen) > 1:
            table["split"] = splits[name]
        last = max([*table.index, *(problem.row for problem in problems + missing)], default=0)
        table.index = table.index + before
        all_problems += [Problem(p.row + before, p.what, p.why, p.drops, p.column) for p in problems + missing]
        tables.append(table)
        before += last
    joined = pandas.concat(tables) if len(tables) > 1 else tables[0]
    joined.index.name = "row"
    if unnamed := len(set(found.images).difference(joined["image"])):
        count = "1 picture is" if unnamed == 1 else f"{unnamed:,} pictures are"
        all_problems.append(Problem(0, f"{count} not named by the table and left out.", ", ".join(chosen), drops=False))
    used = reading.model_copy(update={"header": False}) if chosen[0] in bare else reading
    return joined, all_problems, guess_reading(source / chosen[0], used, limits)


def likely_tables(source: Path, tables: Sequence[str]) -> list[str]:
    """The few that may name the images: high up, then large. A set may bring a small file beside each image."""
    ranked = sorted(tables, key=lambda name: (name.count("/"), -(source / name).stat().st_size, name))
    return ranked[:MOST_TABLES]


def split_of_file(name: str) -> str | None:
    words = PurePosixPath(name).stem.replace("-", "_").lower().split("_")
    return next((split for word in words if (split := split_named(word))), None)


class Finder:
    """Which image does a cell of a table mean? By its path, else its name, else its name without the ending."""

    def __init__(self, images: Sequence[str]) -> None:
        self.folder = ""
        self.paths = set(images)
        self.names = _unique((PurePosixPath(image).name, image) for image in images)
        self.stems = _unique((PurePosixPath(image).stem, image) for image in images)

    def inside(self, table: str) -> "Finder":
        """The same for a table in another folder, whose paths start there."""
        moved = copy(self)
        folder = table.rpartition("/")[0]
        moved.folder = f"{folder}/" if folder else ""
        return moved

    def __call__(self, cell: object) -> str | None:
        if not isinstance(cell, str):
            return None
        name = cell.strip().replace("\\", "/").removeprefix("./").lstrip("/")
        for path in (self.folder + name, name):
            if path in self.paths:
                return path
        last = name.rpartition("/")[2]
        return self.names.get(last) or self.stems.get(last)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = list(pairs)
    count = Counter(key for key, _ in pairs)
    return {key: value for key, value in pairs if count[key] == 1}


def naming_column(table: pandas.DataFrame, finder: Finder) -> str | None:
    """The column of which at least half of the (first) cells are names of images."""
    for name in table.columns:
        cells = table[name].head(500)
        if sum(finder(cell) is not None for cell in cells) * 2 >= max(1, len(cells)):
            return str(name)
    return None


def resolve(table: pandas.DataFrame, column: str, finder: Finder) -> tuple[pandas.DataFrame, list[Problem]]:
    """The table with a first column `image` of paths; rows whose image is not there become problems."""
    paths = table[column].map(finder)
    there = paths.notna()
    problems = [
        Problem(row, f"There is no picture named '{name}'.", "The table names it, the archive lacks it.", column=column)
        if isinstance(name, str)
        else Problem(row, "This row names no picture.", column=column)
        for row, name in zip(_numbers(table[~there]), table.loc[~there, column], strict=True)
    ]
    others = table.drop(columns=column).rename(columns={"image": "image_2"})
    others.insert(0, "image", paths.astype("str"))
    return others[there], problems


def _numbers(table: pandas.DataFrame) -> list[int]:
    return [int(row) for row in table.index.to_numpy()]


# --- storing -----------------------------------------------------------------------------------


def store_all(
    table: pandas.DataFrame, source: Path, files: Path, thumbnails: Path, progress: Progress
) -> tuple[pandas.DataFrame, list[Problem]]:
    """Copies and thumbnails of every image; rows of broken ones are taken out and reported."""

    def store(name: str) -> str | StudioError:
        try:
            return store_image(source / name, files, thumbnails, name)
        except StudioError as error:
            return error

    names = list(dict.fromkeys(table["image"]))
    stored: dict[str, str] = {}
    broken: dict[str, StudioError] = {}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as workers:
        for done, (name, result) in enumerate(zip(names, workers.map(store, names), strict=True)):
            if isinstance(result, str):
                stored[name] = result
            else:
                broken[name] = result
            if done % 20 == 0:
                progress("Looking at every picture", done, len(names))
    progress("Looking at every picture", len(names), len(names))
    problems = [
        Problem(row, f"The picture {name} cannot be used.", broken[name].explanation.why, column="image")
        for row, name in zip(_numbers(table), table["image"], strict=True)
        if name in broken
    ]
    kept = table[~table["image"].isin(list(broken))].copy()
    kept["image"] = kept["image"].map(stored).astype("str")
    return kept, problems
