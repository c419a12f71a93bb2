"""What a folder of files is to its readers, and what a reader gives.

Each folder or archive format has a reader: one file here, and one line in
`studio.data.folders`, which asks them in order.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pandas

from studio.data.annotations import AnnotatedImage
from studio.data.columns import Problem
from studio.data.formats.encodings import decode, guess_encoding
from studio.data.guesses import Guess
from studio.data.limits import MEGABYTE, Limits
from studio.data.masks import Masks
from studio.data.media import IMAGES, SOUNDS, Media
from studio.data.options import ReadingOptions
from studio.data.reading import read_table
from studio.errors import StudioError
from studio.language import _, listing

TABLE_ENDINGS = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".conll", ".iob", ".bio"}
)
_LEFTOVERS = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir"})
NAMES_SHOWN = 3


@dataclass(frozen=True)
class Found:
    """The files of an upload: relative paths with `/`."""

    images: list[str]
    sounds: list[str]
    tables: list[str]
    others: list[str]

    @property
    def media(self) -> Media | None:
        """What kind of files its rows are about; None where it holds tables alone."""
        return IMAGES if self.images else SOUNDS if self.sounds else None

    @property
    def files(self) -> list[str]:
        """Those files."""
        return self.images or self.sounds


def find(names: Iterable[str]) -> Found:
    """Sort the files of an upload by what they are; what systems leave behind on their own is passed over."""
    found = Found([], [], [], [])
    for name in sorted(names):
        path = PurePosixPath(name)
        if any(part.startswith(".") or part.lower() in _LEFTOVERS for part in path.parts):
            continue
        ending = path.suffix.lower()
        kinds = (
            (IMAGES.endings, found.images),
            (SOUNDS.endings, found.sounds),
            (TABLE_ENDINGS, found.tables),
        )
        next((names for endings, names in kinds if ending in endings), found.others).append(name)
    return found


class Upload:
    """An unpacked archive, or a folder of this machine. However many readers look into a table, it is read once."""

    def __init__(self, folder: Path, found: Found, reading: ReadingOptions, limits: Limits) -> None:
        self.folder = folder
        self.found = found
        self.reading = reading
        self.limits = limits
        self._tables: dict[tuple[str, bool | None], tuple[pandas.DataFrame, list[Problem]] | StudioError] = {}

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size

    def bytes(self, name: str, most: int) -> bytes:
        """A file's content. Raises StudioError for more than `most` bytes."""
        if self.size(name) > most:
            raise StudioError(
                _("{file} is too large.", file=name),
                _("At most {most:,.0f} MB are read.", most=most / MEGABYTE),
                _("Make it smaller."),
            )
        return (self.folder / name).read_bytes()

    def text(self, name: str, most: int = MEGABYTE) -> str:
        """The same for a text, in whichever encoding."""
        content = self.bytes(name, most)
        return decode(content, guess_encoding(content))

    def table(self, name: str, header: bool | None = None) -> tuple[pandas.DataFrame, list[Problem]]:
        """The rows of a table and what is wrong with others, as `read_table` gives them. Raises StudioError."""
        key = (name, header)
        if key not in self._tables:
            reading = self.reading if header is None else self.reading.model_copy(update={"header": header})
            try:
                self._tables[key] = read_table(self.folder / name, reading, self.limits)
            except StudioError as error:
                self._tables[key] = error
        result = self._tables[key]
        if isinstance(result, StudioError):
            raise result
        table, problems = result
        return table.copy(deep=False), list(problems)


@dataclass(frozen=True)
class Listing:
    """What a reader found. table: its index is `row`; with images, column `image` holds paths below the folder,
    and `audio` with recordings.

    annotated: where images have boxes, row -> what is known of its image; rows without an image among them.
    masks: where images have masks, those. format: its name on the screen; "" for the reader's title.
    """

    table: pandas.DataFrame
    problems: list[Problem]
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    annotated: Mapping[int, AnnotatedImage] | None = None
    masks: Masks | None = None
    format: str = ""
    guesses: tuple[Guess, ...] = ()


@dataclass(frozen=True)
class FolderFormat:
    """One folder format. title: its name on the screen, such as "Pascal VOC".

    recognises: quick, by names and the beginnings of files; never raises. read: raises StudioError and nothing else,
    whatever the files hold.
    """

    name: str
    title: str
    recognises: Callable[[Upload], bool]
    read: Callable[[Upload], Listing]


def shown(names: Iterable[str]) -> str:
    """The first of some names, for a message."""
    listed = list(names)
    return listing([*listed[:NAMES_SHOWN], *(["..."] if len(listed) > NAMES_SHOWN else [])])
