"""A table that comes alone and names images.

They lie below the table's own folder, or below the one that the person at the command line names as `data.files`.
A table that was uploaded has a folder to itself, so it can name none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from studio.data.columns import Problem
from studio.data.limits import Limits
from studio.data.named_files import NotBroughtError, find_below, looks_like_image
from studio.errors import StudioError
from studio.language import _

CELLS_SEEN = 500


@dataclass(frozen=True)
class NamedImages:
    """table: its column `image` holds names of copies. places: name of a copy -> the image's real path."""

    table: pandas.DataFrame
    places: dict[str, Path]
    problems: list[Problem]


def image_column(table: pandas.DataFrame) -> str | None:
    """The column of which most filled cells end like names of images."""
    for name in table.columns:
        cells = table[name].dropna().head(CELLS_SEEN)
        if len(cells) and sum(map(looks_like_image, cells)) * 2 > len(cells):
            return str(name)
    return None


def find_images(table: pandas.DataFrame, column: str, folders: Sequence[Path], limits: Limits) -> NamedImages | None:
    """The rows whose image lies in one of `folders`, and why the others have none; None where no image is there."""
    found: dict[str, str] = {}  # cell -> name of the copy
    reasons: dict[str, str] = {}
    places: dict[str, Path] = {}
    for cell in table[column].dropna().unique():
        try:
            path = find_below(cell, folders)
        except NotBroughtError as error:
            reasons[cell] = str(error)
            continue
        found[cell] = name = copy_name(path, folders, places)
        places[name] = path
        if len(places) > limits.files:
            what = _("The table names more than {most:,} images.", most=limits.files)
            raise StudioError(what, "", _("Use a smaller part of it."))
    if not found:
        return None
    named = table[column].isin(found.keys())
    problems = [
        Problem(row, _("There is no image '{file}'.", file=cell[:200]), reasons[cell], column=column)
        if isinstance(cell, str)
        else Problem(row, _("This row names no image."), column=column)
        for row, cell in zip(table.index[~named].tolist(), table.loc[~named, column], strict=True)
    ]
    kept = table[named]
    images = kept[column].map(found).astype("str")
    others = kept.drop(columns=column).rename(columns={"image": "image_2"})
    others.insert(0, "image", images)
    return NamedImages(others, places, problems)


def copy_name(path: Path, folders: Sequence[Path], taken: dict[str, Path]) -> str:
    """Its path below the folder in which it lies; the same name in another folder gets a number in front."""
    folder = next(real for folder in folders if path.is_relative_to(real := folder.resolve()))
    name = unique = path.relative_to(folder).as_posix()
    count = 2
    while taken.get(unique, path) != path:
        unique, count = f"{count}/{name}", count + 1
    return unique
