"""A table that comes alone and names images or recordings.

They lie below the table's own folder, or below the one that the person at the command line names as `data.files`.
A table that was uploaded has a folder to itself, so it can name none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from studio.data.columns import Problem
from studio.data.limits import Limits
from studio.data.media import MEDIA, Media
from studio.data.named_files import NotBroughtError, find_below
from studio.errors import StudioError
from studio.language import _

CELLS_SEEN = 500


@dataclass(frozen=True)
class NamedImages:
    """table: its column `image` (or `audio`) holds names of copies. places: name of a copy -> the file's real path."""

    table: pandas.DataFrame
    places: dict[str, Path]
    problems: list[Problem]


def naming_column(table: pandas.DataFrame) -> tuple[str, Media] | None:
    """The column of which most filled cells end like names of images, or of recordings."""
    for name in table.columns:
        cells = table[name].dropna().head(CELLS_SEEN)
        for media in MEDIA.values():
            if len(cells) and sum(map(media.is_named, cells)) * 2 > len(cells):
                return str(name), media
    return None


def find_images(
    table: pandas.DataFrame, column: str, media: Media, folders: Sequence[Path], limits: Limits
) -> NamedImages | None:
    """The rows whose file lies in one of `folders`, and why the others have none; None where no file is there."""
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
            what = _("The table names more than {most:,} files.", most=limits.files)
            raise StudioError(what, "", _("Use a smaller part of it."))
    if not found:
        return None
    named = table[column].isin(found.keys())
    problems = [
        Problem(row, _(media.missing, file=cell[:200]), reasons[cell], column=column)
        if isinstance(cell, str)
        else Problem(row, media.unnamed, column=column)
        for row, cell in zip(table.index[~named].tolist(), table.loc[~named, column], strict=True)
    ]
    kept = table[named]
    images = kept[column].map(found).astype("str")
    others = kept.drop(columns=column).rename(columns={media.name: f"{media.name}_2"})
    others.insert(0, media.name, images)
    return NamedImages(others, places, problems)


def copy_name(path: Path, folders: Sequence[Path], taken: dict[str, Path]) -> str:
    """Its path below the folder in which it lies; the same name in another folder gets a number in front."""
    folder = next(real for folder in folders if path.is_relative_to(real := folder.resolve()))
    name = unique = path.relative_to(folder).as_posix()
    count = 2
    while taken.get(unique, path) != path:
        unique, count = f"{count}/{name}", count + 1
    return unique
