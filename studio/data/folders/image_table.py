"""Images or recordings, and a table that names them: a row each, with whatever is known of it, boxes among that."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

import pandas

from studio.data.columns import Problem
from studio.data.folders.base import FolderFormat, Listing, Upload
from studio.data.folders.image_names import ImageNames
from studio.data.folders.mask_names import LISTS, mask_files
from studio.data.folders.split_tables import choose_by_split, join
from studio.data.masks import is_mask_word
from studio.data.media import IMAGES, SOUNDS, Media
from studio.data.named_files import why_missing, why_refused
from studio.data.object_column import take_boxes
from studio.data.reading import guess_reading
from studio.errors import StudioError
from studio.language import _, listing

MOST_TABLES = 20
CELLS_SEEN = 500
LACKING = _("The table names it, but it is not in the archive.")


def recognises(media: Media, upload: Upload) -> bool:
    return upload.found.media == media and bool(naming_tables(upload))


def read(media: Media, upload: Upload) -> Listing:
    """Two or more tables called after splits (train.csv, test.csv) are read one after the other."""
    named = naming_tables(upload)
    chosen = choose_by_split({name: len(table) for name, (table, _unused, _unused_2) in named.items()})
    names = ImageNames(upload.found.files)
    resolved = {}
    for name in chosen:
        table, problems, column = named[name]
        why = partial(why_missing, folder=upload.folder, beside=name)
        table, missing = resolve(table, column, names.inside(name), why, media)
        table = with_masks(table, names.inside(name)) if media == IMAGES else table
        resolved[name] = (table, problems + missing)
    joined, problems = join(resolved, chosen)
    named_files = set(joined[media.name]).union(joined["mask"].dropna() if "mask" in joined else ())
    if unnamed := len(set(upload.found.files).difference(named_files)):
        problems.append(Problem(0, media.left(unnamed), listing(chosen), drops=False))
    first = next(iter(chosen))
    bare = is_bare(upload, first, names.inside(first))
    used = upload.reading.model_copy(update={"header": False}) if bare else upload.reading
    known = guess_reading(upload.folder / first, used, upload.limits)
    if media != IMAGES:
        return Listing(joined, problems, known)
    table, annotated, unreadable = take_boxes(joined)
    masks = mask_files(upload, files_in(table["mask"])) if "mask" in table else None
    return Listing(table, problems + unreadable, known, annotated, masks)


def naming_tables(upload: Upload) -> dict[str, tuple[pandas.DataFrame, list[Problem], str]]:
    """The tables that name files: rows, what is wrong with others, and the column that names them."""
    found = {}
    names = ImageNames(upload.found.files)
    media = upload.found.media or IMAGES
    for name in likely_tables(upload):
        inside = names.inside(name)
        try:
            table, problems = upload.table(name, header=False if is_bare(upload, name, inside) else None)
        except StudioError:
            continue  # a read-me or a licence; if it was meant to be the table, the person sees that none was found
        if column := naming_column(table, inside, media):
            found[name] = (table, problems, column)
    return found


def is_bare(upload: Upload, name: str, names: Callable[[object], str | None]) -> bool:
    """Whether the first line is an image already, not the names of the columns."""
    return upload.reading.header is None and any(names(column) for column in upload.table(name)[0].columns)


def likely_tables(upload: Upload) -> list[str]:
    """The few that may name the images: high up, then large. A data set may have a small file next to each image."""
    tables = [name for name in upload.found.tables if PurePosixPath(name).name.lower() not in LISTS]
    sizes = {name: upload.size(name) for name in tables}
    return sorted(sizes, key=lambda name: (name.count("/"), -sizes[name], name))[:MOST_TABLES]


def naming_column(table: pandas.DataFrame, names: Callable[[object], str | None], media: Media = IMAGES) -> str | None:
    """The column of which at least half of the (first) cells are names of files; else one in which such names are
    refused, so that each row is told why."""
    cells = {str(name): table[name].head(CELLS_SEEN) for name in table.columns}
    found = mostly(cells, lambda cell: names(cell) is not None)
    return found or mostly(cells, lambda cell: media.is_named(cell) and bool(why_refused(str(cell))))


def mostly(columns: Mapping[str, pandas.Series], holds: Callable[[object], bool]) -> str | None:
    """The first column for at least half of whose cells something holds."""
    return next((name for name, cells in columns.items() if sum(map(holds, cells)) * 2 >= max(1, len(cells))), None)


def resolve(
    table: pandas.DataFrame,
    column: str,
    names: Callable[[object], str | None],
    why: Callable[[str], str],
    media: Media = IMAGES,
) -> tuple[pandas.DataFrame, list[Problem]]:
    """The table with a first column of paths; rows whose file is not there become problems. why: for a name
    that means no file, the reason, if there is more to say than that it is not there."""
    paths = table[column].map(names)
    there = paths.notna()
    problems = [
        Problem(row, _(media.missing, file=name[:200]), why(name) or LACKING, column=column)
        if isinstance(name, str)
        else Problem(row, media.unnamed, column=column)
        for row, name in zip(_numbers(table[~there]), table.loc[~there, column], strict=True)
    ]
    others = table.drop(columns=column).rename(columns={media.name: f"{media.name}_2"})
    others.insert(0, media.name, paths.astype("str"))
    return others[there], problems


def with_masks(table: pandas.DataFrame, names: Callable[[object], str | None]) -> pandas.DataFrame:
    """The table with a column `mask` of paths, where a column that is called so names files of the upload."""
    likely = {str(name): table[name].head(CELLS_SEEN) for name in table.columns[1:] if is_mask_word(str(name))}
    column = mostly(likely, lambda cell: names(cell) is not None)
    if column is None:
        return table
    paths = table[column].map(names)
    return table.drop(columns=column).assign(mask=paths.where(paths.notna(), None))


def files_in(column: pandas.Series) -> dict[int, str]:
    """Row -> the file that it names, of the rows that name one."""
    return {int(str(row)): str(name) for row, name in column.dropna().items()}


def _numbers(table: pandas.DataFrame) -> Sequence[int]:
    return [int(row) for row in table.index.to_numpy()]


IMAGE_TABLE = FolderFormat("image-table", "images with a table", partial(recognises, IMAGES), partial(read, IMAGES))
SOUND_TABLE = FolderFormat("sound-table", "recordings with a table", partial(recognises, SOUNDS), partial(read, SOUNDS))
