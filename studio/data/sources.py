"""What `data.source` means: a path, a data set on the Hub, or a sample that comes with the studio."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from studio.data.samples import SAMPLES
from studio.errors import StudioError
from studio.hub_token import Token
from studio.language import _

HUB, SAMPLE = "hub:", "sample/"
_HUB_NAME = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
_CONFIG = re.compile(r"\w[\w. +-]{0,119}")
BLOCK = 1024 * 1024


@dataclass(frozen=True)
class PathSource:
    """files: the folder that holds the files which a table names, if not the table's own."""

    path: Path
    files: Path | None = None

    @property
    def title(self) -> str:
        return self.path.stem.replace("_", " ")

    def fingerprint(self) -> str:
        """Of a file, its content, and the ending of its name, which says how to read it; of a folder, the names,
        sizes and times of all files in it."""
        if self.path.is_dir():
            return f"folder:{folder_hash(self.path)}"
        return f"file:{file_hash(self.path)}:{self.path.suffix.lower()}"


@dataclass(frozen=True)
class HubSource:
    """token: as whom the Hub is asked."""

    name: str
    config: str | None
    token: Token = None

    @property
    def title(self) -> str:
        return self.name.rpartition("/")[2].replace("_", " ")

    def fingerprint(self) -> str:
        """By name: what was fetched once stays as it is, so that it is there without a network too."""
        return f"hub:{self.name}:{self.config or ''}"


@dataclass(frozen=True)
class SampleSource:
    name: str

    @property
    def title(self) -> str:
        return SAMPLES[self.name].title

    def fingerprint(self) -> str:
        return f"sample:{self.name}:{file_hash(SAMPLES[self.name].path)}"


Source = PathSource | HubSource | SampleSource


def parse_source(source: str, files: str | None = None, token: Token = None) -> Source:
    """Raises StudioError when there is no such file, sample, or possible name on the Hub.

    files: the folder that the person named for the files which a table names. token: as whom the Hub is asked.
    """
    source = source.strip()
    if source.startswith(HUB):
        name, _unused, config = source.removeprefix(HUB).partition(":")
        if not _HUB_NAME.fullmatch(name) or (config and not _CONFIG.fullmatch(config)):
            raise StudioError(
                _("'{name}' is not the name of a data set on the Hub.", name=source),
                _("It is written hub:owner/name, or hub:owner/name:configuration."),
                _("Copy the name from the data set's page."),
            )
        return HubSource(name, config or None, token)
    if source.startswith(SAMPLE):
        return SampleSource(SAMPLES[source.removeprefix(SAMPLE)].name)
    try:
        path = Path(source).expanduser()
        there = bool(source) and (path.is_file() or path.is_dir())
    except (OSError, RuntimeError, ValueError):
        there = False  # a name that no system could have given to a file
    if not there:
        raise StudioError(
            _("There is no file {file}.", file=source) if source else _("No data was chosen."),
            _("It may have been moved or deleted.") if source else "",
            _("Check that it is there, or choose the data again."),
        )
    return PathSource(path.resolve(), _files_folder(files) if files else None)


def _files_folder(files: str) -> Path:
    try:
        folder = Path(files).expanduser()
        there = folder.is_dir()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        raise StudioError(
            _("There is no folder {folder}.", folder=files),
            _("`data.files` names it for the files in the table."),
            _("Check the path."),
        )
    return folder.resolve()


def file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise StudioError(
            _("{file} cannot be read.", file=path.name), f"{error}", _("Check the file and try again.")
        ) from error
    return digest.hexdigest()


def folder_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            seen = path.stat()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{seen.st_size}\0{seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()
