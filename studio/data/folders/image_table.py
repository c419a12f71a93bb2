"""Images, and a table that names them: a row each, with whatever is known of it, boxes among that."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload
from studio.data.folders.image_names import ImageNames
from studio.data.folders.split_tables import choose_by_split, join
from studio.data.named_files import looks_like_image, why_missing, why_refused
from studio.data.object_column import take_boxes
from studio.data.reading import guess_reading
from studio.errors import StudioError
from studio.language import _, listing, plural

MOST_TABLES = 20
CELLS_SEEN = 500
LACKING = _("The table names it, but it is not in the archive.")


def recognises(upload: Upload) -> bool:
    return bool(upload.found.images) and bool(naming_tables(upload))


def read(upload: Upload) -> Listing:
    """Two or more tables called after splits (train.csv, test.csv) are read one after the other."""
    named = naming_tables(upload)
    chosen = choose_by_split({name: len(table) for name, (table, _unused, _unused_2) in named.items()})
    names = ImageNames(upload.found.images)
    resolved = {}
    for name in chosen:
        table, problems, column = named[name]
        why = partial(why_missing, folder=upload.folder, beside=name)
        table, missing = resolve(table, column, names.inside(name), why)
        resolved[name] = (table, problems + missing)
    joined, problems = join(resolved, chosen)
    if unnamed := len(set(upload.found.images).difference(joined["image"])):
        what = plural(
            "{n:,} image is not named by the table and left out.",
            "{n:,} images are not named by the table and left out.",
            unnamed,
        )
        problems.append(Problem(0, what, listing(chosen), drops=False))
    first = next(iter(chosen))
    bare = is_bare(upload, first, names.inside(first))
    used = upload.reading.model_copy(update={"header": False}) if bare else upload.reading
    table, annotated, unreadable = take_boxes(joined)
    return Listing(table, problems + unreadable, guess_reading(upload.folder / first, used, upload.limits), annotated)


def naming_tables(upload: Upload) -> dict[str, tuple[pandas.DataFrame, list[Problem], str]]:
    """The tables that name images: rows, what is wrong with others, and the column that names them."""
    found = {}
    names = ImageNames(upload.found.images)
    for name in likely_tables(upload):
        inside = names.inside(name)
        try:
            table, problems = upload.table(name, header=False if is_bare(upload, name, inside) else None)
        except StudioError:
            continue  # a read-me or a licence; if it was meant to be the table, the person sees that none was found
        if column := naming_column(table, inside):
            found[name] = (table, problems, column)
    return found


def is_bare(upload: Upload, name: str, names: Callable[[object], str | None]) -> bool:
    """Whether the first line is an image already, not the names of the columns."""
    return upload.reading.header is None and any(names(column) for column in upload.table(name)[0].columns)


def likely_tables(upload: Upload) -> list[str]:
    """The few that may name the images: high up, then large. A data set may have a small file next to each image."""
    sizes = {name: upload.size(name) for name in upload.found.tables}
    return sorted(sizes, key=lambda name: (name.count("/"), -sizes[name], name))[:MOST_TABLES]


def naming_column(table: pandas.DataFrame, names: Callable[[object], str | None]) -> str | None:
    """The column of which at least half of the (first) cells are names of images; else one in which such names are
    refused, so that each row is told why."""
    cells = {str(name): table[name].head(CELLS_SEEN) for name in table.columns}
    found = mostly(cells, lambda cell: names(cell) is not None)
    return found or mostly(cells, lambda cell: looks_like_image(cell) and bool(why_refused(str(cell))))


def mostly(columns: Mapping[str, pandas.Series], holds: Callable[[object], bool]) -> str | None:
    """The first column for at least half of whose cells something holds."""
    return next((name for name, cells in columns.items() if sum(map(holds, cells)) * 2 >= max(1, len(cells))), None)


def resolve(
    table: pandas.DataFrame, column: str, names: Callable[[object], str | None], why: Callable[[str], str]
) -> tuple[pandas.DataFrame, list[Problem]]:
    """The table with a first column `image` of paths; rows whose image is not there become problems. why: for a name
    that means no image, the reason, if there is more to say than that it is not there."""
    paths = table[column].map(names)
    there = paths.notna()
    problems = [
        Problem(row, _("There is no image '{file}'.", file=name[:200]), why(name) or LACKING, column=column)
        if isinstance(name, str)
        else Problem(row, _("This row names no image."), column=column)
        for row, name in zip(_numbers(table[~there]), table.loc[~there, column], strict=True)
    ]
    others = table.drop(columns=column).rename(columns={"image": "image_2"})
    others.insert(0, "image", paths.astype("str"))
    return others[there], problems


def _numbers(table: pandas.DataFrame) -> Sequence[int]:
    return [int(row) for row in table.index.to_numpy()]


IMAGE_TABLE = FolderFormat("image-table", "images with a table", recognises, read)
