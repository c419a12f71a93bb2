"""What lies in a folder of a home, measured, and removed for good.

No link is followed. What is removed first leaves its place as a whole, so that a crash leaves nothing half there.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.language import _, sentences
from studio.paths import Home
from studio.room import megabytes

AN_HOUR, A_DAY = 3600.0, 24 * 3600.0


@dataclass(frozen=True)
class Entry:
    """A file, a folder or a link. changed: when anything in it was, in seconds since 1970."""

    path: Path
    bytes: int
    changed: float

    def is_older_than(self, seconds: float) -> bool:
        return self.changed < time.time() - seconds

    @classmethod
    def at(cls, path: Path) -> "Entry":
        status = path.lstat()
        if path.is_symlink() or not path.is_dir():
            return cls(path, status.st_size, status.st_mtime)
        inside = list(files_below(path))
        return cls(
            path, sum(size for _unused, size in inside), max([status.st_mtime, *(at for at, _unused_2 in inside)])
        )


@dataclass(frozen=True)
class Removed:
    """troubles: what could not be removed, and why, a sentence each."""

    bytes: int = 0
    troubles: tuple[str, ...] = ()

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.bytes + other.bytes, (*self.troubles, *other.troubles))

    @property
    def sentence(self) -> str:
        return sentences(_("{size} are free again.", size=megabytes(self.bytes)), *self.troubles)


def entries_of(folder: Path) -> list[Entry]:
    """What lies in a folder of the home; nothing where that is a link to another place."""
    return measured(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def measured(paths: Iterable[Path]) -> list[Entry]:
    found = []
    for path in paths:
        try:
            found.append(Entry.at(path))
        except FileNotFoundError:  # removed meanwhile
            continue
    return found


def files_below(folder: Path) -> Iterator[tuple[float, int]]:
    """When each file below was changed, and its size; what is removed meanwhile is passed over."""
    for above, _unused_3, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(above, name))  # noqa: PTH118 many files
            except OSError:
                continue
            yield status.st_mtime, status.st_size


def used_bytes(home: Home) -> int:
    """What all files of the home take, and what was sent and is not imported yet; without the activations that are
    kept, which have a limit of their own for the whole server."""
    everything, kept = (home.root, home.sent), (home.activations,)
    return _bytes_below(*everything) - _bytes_below(*kept)


def _bytes_below(*folders: Path) -> int:
    return sum(size for folder in folders for _changed, size in files_below(folder))


def remove(home: Home, entries: Sequence[Entry]) -> Removed:
    """Remove for good what has not been changed since it was looked at."""
    freed, troubles = 0, []
    for entry in entries:
        aside = home.removed / f"{time.time():.0f}-{secrets.token_hex(8)}"
        try:
            home.removed.mkdir(parents=True, exist_ok=True)
            if entry.path.lstat().st_mtime > entry.changed:
                continue
            entry.path.rename(aside)  # of a link, the link itself
            _delete(aside)
        except FileNotFoundError:  # somebody else has just removed it
            continue
        except OSError as error:
            why = error.strerror or error
            troubles.append(_("{file} could not be removed: {error}.", file=entry.path.name, error=why))
            continue
        freed += entry.bytes
    return Removed(freed, tuple(troubles))


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def left_by_a_crash(home: Home) -> list[Entry]:
    """What left its place a while ago and is still there, so that nobody is removing it."""

    def since(path: Path) -> float:
        begin = path.name.partition("-")[0]
        return float(begin) if begin.isdigit() else 0.0

    return [entry for entry in entries_of(home.removed) if since(entry.path) < time.time() - AN_HOUR]
