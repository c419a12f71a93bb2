"""Importing data: a source becomes a folder with one table, and the images that it names.

DATASET_DIR/ table.parquet   every row as text, and `row`, its number in the file
             files/          copies of the images or recordings, bounded in size (only where there are some)
             thumbnails/     small images, or drawings of recordings (likewise)
             contents.json   copy -> a hash of what it shows (likewise; not in imports of earlier versions)
             seconds.json    recording -> how long it is (recordings only)
             about.json      see `Imported`
             problems.json   what was wrong with rows that could not be read
             named.json      the names of images in a table that came alone, and a stamp of those that were there
             COMPLETE        comes last

The folder's name follows from the content and from how it is to be read, so the same import is done once.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet
from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from studio.data.columns import Problem
from studio.data.content import Content, named_folders, read_source
from studio.data.guesses import Guess
from studio.data.image_files import thumbnail_of
from studio.data.image_store import CONTENTS
from studio.data.label_columns import gather_labels
from studio.data.limits import MEMORY_VARIABLE, Limits
from studio.data.named_files import stamp_of
from studio.data.options import ReadingOptions
from studio.data.profile import ColumnProfile, profile_columns
from studio.data.progress import Progress, silent
from studio.data.samples import SAMPLES
from studio.data.sources import SAMPLE, PathSource, Source, parse_source
from studio.data.uploads import keep_upload
from studio.errors import StudioError
from studio.files import (
    DamagedError,
    is_complete,
    mark_complete,
    read_as,
    read_cache,
    read_json,
    reading,
    replace_cache,
    replace_json,
    replace_with,
)
from studio.hub_token import token_for
from studio.language import _, packed, sentences, unpacked
from studio.migrations import IMPORTED
from studio.paths import Home
from studio.room import MAKE_ROOM, disk_words

__all__ = ["Imported", "import_source", "keep_upload"]

VERSION = 3
ROWS_IN_A_GROUP = 2000
ALIASES = "aliases"
NAMED = "named.json"


COLUMNS, PROFILES = TypeAdapter(tuple[str, ...]), TypeAdapter(tuple[ColumnProfile, ...])


@dataclass(frozen=True)
class Imported:
    """Imported data. Cheap to create; rows are read on demand.

    format: what the upload was. reading: how it was read, every field that applies filled; guesses: which of them were
    guessed, and how sure that is.
    kind: "image" or "audio" where the table has a column of that name, of paths relative to `files`; else "text".
    """

    folder: Path
    title: str
    format: str
    kind: str
    reading: ReadingOptions
    columns: tuple[str, ...]
    rows: int
    profiles: tuple[ColumnProfile, ...]
    guesses: tuple[Guess, ...] = ()
    source: str = ""

    def __hash__(self) -> int:
        return hash(self.folder)

    @classmethod
    def open(cls, folder: Path) -> "Imported | None":
        """None when the folder holds no finished import. StudioError where a newer studio made it, or where its
        about.json is damaged."""
        return read_as(folder / "about.json", partial(cls._read, folder)) if is_complete(folder) else None

    @classmethod
    def _read(cls, folder: Path, about: dict[str, Any]) -> "Imported":
        about = IMPORTED.upgrade(about)
        return cls(
            folder,
            _title(about),
            about["format"],
            about["kind"],
            ReadingOptions(**about["reading"]),
            COLUMNS.validate_python(about["columns"]),
            about["rows"],
            PROFILES.validate_python(about["profiles"]),
            tuple(Guess.read(each) for each in about.get("guesses", [])),
            about.get("source", ""),
        )

    @property
    def is_upload(self) -> bool:
        """Whether a browser sent the data; else a command named them, or they come from elsewhere."""
        return Path(self.source).is_relative_to(Home(self.folder.parent.parent).uploads)

    @property
    def stored(self) -> str:
        """The column that names stored files, which is also the field of its cells: "image", "audio"; else ""."""
        return "" if self.kind == "text" else self.kind

    @property
    def files(self) -> Path | None:
        return self.folder / "files" if self.stored else None

    @property
    def thumbnails(self) -> Path | None:
        return self.folder / "thumbnails" if self.stored else None

    def thumbnail(self, image: str) -> Path:
        """The small version of an image that column `image` names, or the drawing of a recording."""
        return thumbnail_of(self.folder / "thumbnails", image)

    @cached_property
    def problems(self) -> list[Problem]:
        """Rows that could not be read, in row order."""
        about, found = read_json(self.folder / "about.json") or {}, read_json(self.folder / "problems.json") or []
        with reading(self.folder / "problems.json"):
            return problems_in(IMPORTED.upgrade({**about, "problems": found})["problems"])

    @cached_property
    def contents(self) -> dict[str, str]:
        """Image -> a hash of its pixels, by which copies are found; empty where an earlier version imported it."""
        return read_as(self.folder / CONTENTS, dict) or {}

    @cached_property
    def named(self) -> dict[str, Any]:
        """Of a table that came alone and names files: {"column", "names", "stamp"}; else empty.

        The images may be there or not. Where they are, the column is called `image` in the table.
        """
        return read_as(self.folder / NAMED, _named) or {}

    def page(self, start: int, count: int) -> pandas.DataFrame:
        """`count` rows from position `start` (0-based): column `row` and the file's columns. Reads those alone."""
        start, end = max(0, start), min(self.rows, max(0, start) + max(0, count))
        table_file = self.folder / "table.parquet"
        with reading(table_file), pyarrow.parquet.ParquetFile(table_file) as file:
            if end <= start:
                return file.schema_arrow.empty_table().to_pandas()
            groups = range(start // ROWS_IN_A_GROUP, (end - 1) // ROWS_IN_A_GROUP + 1)
            table = file.read_row_groups(list(groups))
        return table.slice(start - groups.start * ROWS_IN_A_GROUP, end - start).to_pandas()

    def table(self) -> pandas.DataFrame:
        """All rows. Raises DamagedError where a column is missing."""
        table_file = self.folder / "table.parquet"
        with reading(table_file), pyarrow.parquet.ParquetFile(table_file) as file:
            return file.read().to_pandas()[["row", *self.columns]]


def import_source(
    source: str,
    reading: ReadingOptions,
    home: Home,
    limits: Limits,
    progress: Progress = silent,
    files: str | None = None,
) -> Imported:
    """Import `source`, or return the earlier import of the same content.

    files: the folder of the images that a table names, if the person named one. Raises StudioError; an unfinished
    import is removed then, and after a crash by the next import.
    """
    parsed = parse_source(source, files, token_for(home))
    fingerprint = parsed.fingerprint()
    mark, known = _find(home, parsed, fingerprint, reading)
    if known:
        os.utime(known.folder)  # so that nothing takes it for forgotten before a draft names it
        return known
    _remove_leftovers(home)
    while True:
        key = key_of(mark, reading)
        with _lock(home, key):
            now, known = _find(home, parsed, fingerprint, reading)
            if known:
                return known  # another process has just imported it
            if now == mark:
                return _import(home, key, mark, parsed, reading, limits, progress, source)
        mark = now  # the same table was imported with other images


def _import(
    home: Home,
    key: str,
    mark: str,
    parsed: Source,
    reading: ReadingOptions,
    limits: Limits,
    progress: Progress,
    source: str,
) -> Imported:
    folder = home.datasets / key
    shutil.rmtree(folder, ignore_errors=True)
    with _clean_after_failure(folder):
        folder.mkdir(parents=True)
        content = read_source(parsed, reading, folder, limits, progress)
        content = replace(content, table=gather_labels(content.table))
        progress(_("Storing the table"), 0, 0)
        _store(folder, content, parsed, source)
        if isinstance(parsed, PathSource) and parsed.path.is_file():
            check_stored(folder, parsed.title, limits)
        for stated in (content.reading, sure_reading(content.reading, content.guesses)):
            _remember_alias(home, key_of(mark, stated), key)
        mark_complete(folder)
    imported = Imported.open(folder)
    if imported is None:
        raise StudioError(_("The data was removed while it was read."), "", _("Import it again."))
    return imported


def check_stored(folder: Path, title: str, limits: Limits) -> None:
    """Raises StudioError where the import takes more of the disk than it may: images can grow by being stored."""
    if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > limits.unpacked_bytes:
        raise StudioError(
            _("{name} is too large.", name=title),
            _("Stored here it takes more than {megabytes:,} MB.", megabytes=limits.unpacked_megabytes),
            _("Use a smaller part of it."),
        )


def sure_reading(reading: ReadingOptions, guesses: Sequence[Guess]) -> ReadingOptions:
    """Without what is doubtful: what a run file may say before anybody has settled the rest."""
    doubtful = {each.setting.rpartition(".")[2] for each in guesses if each.doubtful}
    return reading.model_copy(update=dict.fromkeys(doubtful))


def _find(home: Home, source: Source, fingerprint: str, reading: ReadingOptions) -> tuple[str, Imported | None]:
    """What the import's key is made from, and the import if it is there.

    The names in a table follow from its content, what lies under them does not: an upload never gets the images that
    the same table names elsewhere, and changed images are read again.
    """
    known = _known(home, key_of(fingerprint, reading))
    named = known.named if known else {}
    if not named or not isinstance(source, PathSource):
        return fingerprint, known
    stamp = stamp_of(named["names"], named_folders(source.path, source.files))
    if stamp == named["stamp"]:
        return fingerprint, known
    mark = f"{fingerprint}:{stamp}"
    return mark, _known(home, key_of(mark, reading))


def key_of(fingerprint: str, reading: ReadingOptions) -> str:
    content = json.dumps([VERSION, fingerprint, reading.model_dump()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _known(home: Home, key: str) -> Imported | None:
    """A finished import under this key, or under that of the same reading options with guessed values filled in.

    A damaged one counts as none: it is made anew.
    """
    alias = read_cache(home.datasets / ALIASES / f"{key}.json", lambda kept: home.datasets / str(kept["folder"]))
    for folder in (home.datasets / key, alias):
        with suppress(DamagedError):
            if folder is not None and (imported := Imported.open(folder)):
                return imported
    return None


def _named(kept: dict[str, Any]) -> dict[str, Any]:
    return {**kept, "names": kept["names"], "stamp": kept["stamp"]}


def _remember_alias(home: Home, key: str, folder: str) -> None:
    """The same import, named by all reading options that were guessed."""
    if key != folder:
        replace_cache(home.datasets / ALIASES / f"{key}.json", {"folder": folder})


def _lock(home: Home, key: str) -> FileLock:
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"dataset-{key}.lock")


def _remove_leftovers(home: Home) -> None:
    """Folders of imports that were interrupted: unfinished, and nobody holds their lock."""
    folders = home.datasets.iterdir() if home.datasets.is_dir() else iter(())
    for folder in folders:
        if folder.name == ALIASES or not folder.is_dir() or is_complete(folder):
            continue
        lock = _lock(home, folder.name)
        try:
            with lock.acquire(timeout=0):
                if not is_complete(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            continue  # at work


@contextmanager
def _clean_after_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, StudioError):
            raise StudioError(
                _("The data could not be stored."),
                disk_words(error, folder),
                _("{make_room}; or choose another folder for the studio. Then try again.", make_room=MAKE_ROOM),
            ) from error
        if isinstance(error, MemoryError):
            raise out_of_memory() from error
        if isinstance(error, RecursionError):
            why = _("Something in it is nested too deep.")
            raise StudioError(_("The data cannot be read."), why, _("Write it as a plain table.")) from error
        if isinstance(error, (zipfile.BadZipFile, pyarrow.ArrowException)):
            raise StudioError(
                _("The data cannot be read."), f"{error}.", _("The file may be damaged; save it again.")
            ) from error
        raise


def out_of_memory() -> StudioError:
    return StudioError(
        _("The data takes more memory than reading may use."),
        _("Unpacked it is much larger than its size suggests, or it is large itself. Everything else goes on."),
        sentences(
            _("Use a smaller part of it."),
            _("Whoever runs the studio can raise the limit: {ways}.", ways=f"{MEMORY_VARIABLE}=MB"),
        ),
    )


def as_stored(problems: Sequence[Problem]) -> dict[str, Any]:
    """Every text once, and in the problems its place: a million rows may have the same reason."""
    places: dict[str, int] = {}
    rows = [
        {
            **asdict(problem),
            "what": places.setdefault(problem.what, len(places)),
            "why": places.setdefault(problem.why, len(places)),
        }
        for problem in problems
    ]
    return {"texts": [packed(text) for text in places], "problems": rows}


def problems_in(stored: Any) -> list[Problem]:
    """Earlier imports hold a list, with the texts in each problem."""
    if isinstance(stored, list):
        return [Problem(**problem) for problem in stored]
    texts = [unpacked(text) for text in stored["texts"]]
    return [
        Problem(**{**problem, "what": texts[problem["what"]], "why": texts[problem["why"]]})
        for problem in stored["problems"]
    ]


def _title(about: Mapping[str, Any]) -> str:
    """What was stored; of a sample its own, which can be said in the reader's language."""
    source = str(about.get("source", ""))
    name = source.removeprefix(SAMPLE)
    return SAMPLES[name].title if source.startswith(SAMPLE) and name in SAMPLES else str(about["title"])


def _store(folder: Path, content: Content, parsed: Source, source: str) -> None:
    table = content.table.reset_index(names="row")
    arrow = pyarrow.Table.from_pandas(table, preserve_index=False)
    replace_with(
        folder / "table.parquet",
        lambda path: pyarrow.parquet.write_table(arrow, path, row_group_size=ROWS_IN_A_GROUP, compression="zstd"),
    )
    replace_json(folder / "problems.json", as_stored(content.problems))
    about: dict[str, Any] = {
        "title": parsed.title,
        "source": source,
        "format": content.format,
        "kind": content.kind,
        "reading": content.reading.model_dump(),
        "columns": [str(name) for name in content.table.columns],
        "rows": len(content.table),
        "profiles": [asdict(profile) for profile in profile_columns(content.table)],
        "guesses": [each.as_dict() for each in content.guesses],
    }
    if content.named and isinstance(parsed, PathSource):
        stamp = stamp_of(content.named, named_folders(parsed.path, parsed.files))
        replace_json(folder / NAMED, {"column": content.naming, "names": content.named, "stamp": stamp})
    replace_json(folder / "about.json", IMPORTED.stamp(about))
