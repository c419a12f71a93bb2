"""Reading a source of any kind into one table and, if there are any, stored images or recordings."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas

from studio.data.archives import unpack
from studio.data.columns import Problem
from studio.data.folders import find_folder_format
from studio.data.folders.base import Upload, find
from studio.data.formats.base import RawTable, encodable, to_frame
from studio.data.formats.excel import recognises as is_excel
from studio.data.formats.parquet import PARQUET, embedded_images
from studio.data.guesses import Guess
from studio.data.hub import write_image
from studio.data.image_store import store_images
from studio.data.limits import HOW_TO_RAISE, Limits
from studio.data.media import IMAGES, Media
from studio.data.object_column import take_boxes
from studio.data.options import ReadingOptions
from studio.data.progress import Progress
from studio.data.reading import find_format, look_at, read_table
from studio.data.samples import SAMPLES
from studio.data.sound_store import store_sounds
from studio.data.sources import HubSource, PathSource, SampleSource, Source
from studio.data.table_images import find_images, naming_column
from studio.data.token_columns import join_columns
from studio.errors import StudioError
from studio.language import _, sentences

# packed by their programs; what they hold is no data set
DOCUMENTS = (".docx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".pages", ".numbers", ".key", ".jar", ".apk")


@dataclass(frozen=True)
class Content:
    """The table's index is `row`. kind: "text", or the column that names stored files ("image", "audio"). named: the
    names of files in a table that came alone, whether they are there or not; naming: the column that they are in."""

    table: pandas.DataFrame
    problems: list[Problem]
    kind: str
    format: str
    reading: ReadingOptions
    guesses: tuple[Guess, ...] = ()
    named: tuple[str, ...] = ()
    naming: str = ""


def read_source(source: Source, reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress) -> Content:
    """Read `source`; images are stored below `folder`, where nothing else is left."""
    ways: dict[type, Callable[..., Content]] = {PathSource: _path, SampleSource: _sample, HubSource: _hub}
    try:
        return ways[type(source)](source, reading, folder, limits, progress)
    finally:
        shutil.rmtree(_unpacking_folder(folder), ignore_errors=True)


def _unpacking_folder(folder: Path) -> Path:
    """Where an archive is unpacked to, until its images are stored."""
    return folder / "unpacked"


def _path(source: PathSource, reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress) -> Content:
    if source.path.is_dir():
        return _folder(source.path, _names_in(source.path, limits), reading, folder, limits, progress)
    check_size(source.path, limits)
    return _file(source.path, source.files, reading, folder, limits, progress)


def _sample(source: SampleSource, reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress) -> Content:
    """The limits on uploads do not apply to samples."""
    return _file(SAMPLES[source.name].path, None, reading, folder, limits, progress)


def _file(
    path: Path,
    files: Path | None,
    reading: ReadingOptions,
    folder: Path,
    limits: Limits,
    progress: Progress,
) -> Content:
    """An archive of images or of one table, or a table. files: where else a table's images may lie."""
    with path.open("rb") as file:
        head = file.read(4)
    packed = head in (b"PK\x03\x04", b"PK\x05\x06") and path.suffix.lower() not in DOCUMENTS
    if packed and not is_excel(path, head):
        names = unpack(path, _unpacking_folder(folder), limits, progress)
        return _folder(_unpacking_folder(folder), names, reading, folder, limits, progress)
    progress(_("Reading the file"), 0, 0)
    if find_format(path) is PARQUET and (column := embedded_images(path)):
        return _embedded(path, column, folder, limits, progress)
    return _table(path, files, reading, folder, limits, progress)


def _embedded(path: Path, image: str, folder: Path, limits: Limits, progress: Progress) -> Content:
    """A Parquet file with the images in it, as the Hub hands it out. What else it names there is fetched as anybody
    may: somebody else wrote the names."""
    written = _unpacking_folder(folder)
    raw = PARQUET.read(path, ReadingOptions(), limits)
    place = list(raw.names).index(image)
    columns = list(raw.columns)
    columns[place] = [
        write_image(value, f"{number:07}", written, token=False)
        for number, value in zip(raw.numbers, columns[place], strict=True)
    ]
    return _with_images(replace(raw, columns=columns), image, written, folder, PARQUET.name, progress)


def check_size(path: Path, limits: Limits) -> None:
    size = path.stat().st_size
    if size > limits.upload_bytes:
        raise StudioError(
            _("{file} is too large.", file=path.name),
            _(
                "It has {size:,.0f} MB; at most {most:,} MB are accepted.",
                size=size / 2**20,
                most=limits.upload_megabytes,
            ),
            sentences(_("Use a smaller part of it."), HOW_TO_RAISE),
        )


def _table(
    path: Path, files: Path | None, reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress
) -> Content:
    """With the images that it names, where some of them are there."""
    found = look_at(path, reading, limits)
    table, problems = read_table(path, found.options, limits)
    form, naming = find_format(path).name, naming_column(table)
    plain = Content(table, problems, "text", form, found.options, found.guesses)
    if naming is None:
        return plain
    column, media = naming
    names = tuple(table[column].dropna().unique())
    files_there = find_images(table, column, media, named_folders(path, files), limits)
    if files_there is None:
        return replace(plain, named=names, naming=column)
    all_problems = problems + files_there.problems
    if media == IMAGES:
        rows, annotated, unreadable = take_boxes(files_there.table)
        stored, broken = store_images(rows, annotated, path.parent, folder, progress, files_there.places)
        all_problems += unreadable
    else:
        stored, broken = store_sounds(files_there.table, path.parent, folder, progress, files_there.places)
    content = _with_media(media, stored, all_problems + broken, form, found.options, found.guesses)
    return replace(content, named=names, naming=column)


def named_folders(path: Path, files: Path | None) -> list[Path]:
    """Where the files may lie that a table names."""
    return [path.parent, *([files] if files else [])]


def _names_in(folder: Path, limits: Limits) -> list[str]:
    """Files below a folder of this machine, links left out."""
    names: list[str] = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            names.append(path.relative_to(folder).as_posix())
        if len(names) > limits.files:
            raise StudioError(
                _("{folder} holds more than {most:,} files.", folder=folder, most=limits.files),
                "",
                _("Choose a smaller folder."),
            )
    return names


def _folder(
    source: Path, names: list[str], reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress
) -> Content:
    """Anything that one of the folder readers recognises."""
    upload = Upload(source, find(names), reading, limits)
    progress(_("Reading what is in it"), 0, 0)
    form = find_folder_format(upload)
    try:
        listing = form.read(upload)
    except RecursionError as error:
        why = _("Something in it is nested too deep.")
        raise StudioError(_("The data cannot be read."), why, _("Check the files of annotations.")) from error
    title = listing.format or form.title
    media = upload.found.media
    if media is None:
        return Content(listing.table, listing.problems, "text", title, listing.reading, listing.guesses)
    if media == IMAGES:
        table, broken = store_images(listing.table, listing.annotated, source, folder, progress, masks=listing.masks)
    else:
        table, broken = store_sounds(listing.table, source, folder, progress)
    return _with_media(media, table, broken + listing.problems, title, listing.reading, listing.guesses)


def _with_media(
    media: Media,
    table: pandas.DataFrame,
    problems: list[Problem],
    form: str,
    reading: ReadingOptions,
    guesses: tuple[Guess, ...] = (),
) -> Content:
    if table.empty:
        raise StudioError(
            media.without,
            next((_storable(problem).why or problem.what for problem in problems if problem.drops), ""),
            media.bring,
        )
    ordered = sorted(map(_storable, problems), key=lambda problem: problem.row)
    return Content(table, ordered, media.name, form, reading, guesses)


def _storable(problem: Problem) -> Problem:
    """It may quote text with unpaired surrogates."""
    return replace(problem, what=encodable(problem.what), why=encodable(problem.why))


def _hub(source: HubSource, reading: ReadingOptions, folder: Path, limits: Limits, progress: Progress) -> Content:
    from studio.data.hub import fetch

    progress(_("Asking the Hub"), 0, 0)
    fetched = _unpacking_folder(folder)
    raw, image_column = fetch(source, fetched, limits, progress)
    if image_column is None:
        raw = join_columns(raw)
        return Content(to_frame(raw), list(raw.problems), "text", "hub", ReadingOptions())
    return _with_images(raw, image_column, fetched, folder, "hub", progress)


def _with_images(raw: RawTable, image_column: str, files: Path, folder: Path, form: str, progress: Progress) -> Content:
    """A table whose column of images names files below `files`."""
    raw = join_columns(raw)
    table, problems = to_frame(raw), list(raw.problems)
    named = table[image_column].notna()
    problems += [Problem(int(row), _("This row has no image."), column="image") for row in table.index[~named]]
    images = table[named].rename(columns=_as_image(table.columns, image_column))
    images, annotated, unreadable = take_boxes(images)
    images, broken = store_images(images, annotated, files, folder, progress)
    problems = sorted(problems + unreadable + broken, key=lambda problem: problem.row)
    if images.empty:
        why = next((problem.why for problem in problems if problem.drops), "")
        raise StudioError(_("None of the images can be used."), why, _("Save them as JPEG or PNG."))
    return Content(images, problems, "image", form, ReadingOptions())


def _as_image(columns: Any, image_column: str) -> dict[str, str]:
    return {name: "image_2" for name in columns if name == "image" and name != image_column} | {image_column: "image"}
