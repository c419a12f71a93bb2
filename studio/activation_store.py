"""What frozen layers say about rows, kept for all runs of a home: what one run has recorded, the next one takes.

HOME/activations/SHELF/PART/  keys.bin      16 bytes a row: what was recorded, in this order
                              *.bin         one tensor of all these rows each, see `studio.engine.activations`
                              about.json    the size of every file; it comes last

On one shelf lies what can stand for each other: said by the same layers, computed and prepared the same way (see
`studio.engine.fingerprint`). A part is what one run recorded at once; it appears as a whole and never changes. A run
holds the parts that it uses by hard links of its own (copies where the file system has none), so that they stay with it
whatever is removed here. Where there is no more room, what was not used for longest goes first, whoever's it is.
"""

import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.files import read_cache, replace_json
from studio.hardware import free_disk_bytes
from studio.language import _
from studio.paths import Home

LIMIT_VARIABLE = "STUDIO_ACTIVATIONS_LIMIT"  # megabytes; for the processes of a server, and for commands
USUAL_MEGABYTES = 20_000
MEGABYTE = 1000**2
MOST_OF_DISK = 0.25  # of what would be free without the store
KEY_BYTES = 16
KEYS, ABOUT, UNFINISHED = "keys.bin", "about.json", ".tmp"
LEFT_BEHIND_SECONDS = 24 * 3600.0  # what is unfinished for so long was left by a crash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """keys: of its rows, in order. bytes: of all its files."""

    folder: Path
    keys: tuple[bytes, ...]
    bytes: int

    @classmethod
    def read(cls, folder: Path) -> "Part | None":
        """None where the folder does not hold a whole part."""
        sizes = read_cache(folder / ABOUT, dict)
        try:
            if sizes is None or any((folder / name).stat().st_size != size for name, size in sizes.items()):
                return None
            joined = (folder / KEYS).read_bytes()
        except OSError:
            return None
        keys = tuple(joined[start : start + KEY_BYTES] for start in range(0, len(joined), KEY_BYTES))
        return cls(folder, keys, sum(sizes.values()))


def finish(folder: Path, keys: Sequence[bytes]) -> Part:
    """Make a part of a folder that holds its tensors."""
    (folder / KEYS).write_bytes(b"".join(keys))
    sizes = {}
    for file in sorted(folder.iterdir()):
        with file.open("rb+") as opened:
            os.fsync(opened.fileno())  # else about.json could outlive a power cut that the values do not
        sizes[file.name] = file.stat().st_size
    replace_json(folder / ABOUT, sizes)
    return Part(folder, tuple(keys), sum(sizes.values()))


def placed(part: Part, folder: Path) -> Part | None:
    """The same part in another folder, by links; None where it was removed meanwhile."""
    target = folder / part.folder.name
    beside = folder / f".{target.name}.{secrets.token_hex(4)}{UNFINISHED}"
    beside.mkdir(parents=True)
    try:
        for file in part.folder.iterdir():
            link_or_copy(file, beside / file.name)
        if Part.read(beside) is None:
            return None
        beside.rename(target)
    except FileNotFoundError:
        return None
    except OSError:
        there = Part.read(target)  # somebody has recorded the same
        if there is None:
            raise
        return there
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Part(target, part.keys, part.bytes)


def link_or_copy(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(file, target)


class ActivationStore:
    """The shelves of a home. most_bytes: that all homes of its server may take together."""

    def __init__(self, home: Home, most_bytes: int | None = None) -> None:
        self._home = home
        self._most_bytes = limit_here() if most_bytes is None else most_bytes

    def shelf(self, key: str) -> Path:
        return self._home.activations / key

    def parts(self, key: str) -> list[Part]:
        """What lies on a shelf, in an order that is always the same. What is damaged is removed."""
        found = []
        for folder in sorted(_whole(self.shelf(key))):
            part = Part.read(folder)
            if part is None:
                _remove(folder)
            else:
                found.append(part)
        return found

    def take(self, part: Part, folder: Path) -> Part | None:
        """The part for a run, in a folder of its own; None where it was removed meanwhile."""
        try:
            os.utime(part.folder)  # used just now
        except OSError:
            return None
        return placed(part, folder)

    def keep(self, key: str, part: Part) -> None:
        """Let other runs take what one has recorded, as far as there is room for it."""
        try:
            self._make_room(part.bytes)
            if self._taken_bytes() + part.bytes <= self._limit(part.bytes):
                placed(part, self.shelf(key))
        except OSError as error:
            logger.warning("What was recorded is not kept for other runs: %s", error)

    def forget(self, key: str) -> None:
        for folder in _whole(self.shelf(key)):
            _remove(folder)

    def free_until(self, enough: Callable[[], bool]) -> None:
        """Remove what was not used for longest, one part after the other, until it is enough or nothing is left."""
        for folder in sorted(self._folders(), key=_last_used):
            if enough():
                return
            _remove(folder)

    def _make_room(self, wanted: int) -> None:
        for left in (each for each in self._folders(unfinished=True) if _is_left_behind(each)):
            shutil.rmtree(left, ignore_errors=True)
        if wanted <= self._limit(wanted):
            self.free_until(lambda: self._taken_bytes() + wanted <= self._limit(wanted))

    def _limit(self, wanted: int) -> int:
        """wanted: bytes of a part that lies on the disk already."""
        disk = free_disk_bytes(self._home.activations) + self._taken_bytes() + wanted
        return min(self._most_bytes, int(MOST_OF_DISK * disk))

    def _taken_bytes(self) -> int:
        return sum(map(_bytes_in, self._folders()))

    def _folders(self, unfinished: bool = False) -> Iterator[Path]:
        """Of all parts, in all homes of the server."""
        server = self._home.server
        for home in (server, *map(Home, _inside(server.people))):
            for shelf in _inside(home.activations):
                yield from (each for each in _inside(shelf) if each.name.endswith(UNFINISHED) == unfinished)


def limit_here() -> int:
    """Bytes; as many as the environment says, or the usual."""
    said = os.environ.get(LIMIT_VARIABLE) or str(USUAL_MEGABYTES)
    if not said.isdecimal():
        raise StudioError(
            _("{variable} must be a number of megabytes.", variable=LIMIT_VARIABLE),
            _("It is '{value}'.", value=said),
            _("Change it, or leave it away."),
        )
    return int(said) * MEGABYTE


def _whole(shelf: Path) -> Iterator[Path]:
    return (folder for folder in _inside(shelf) if not folder.name.endswith(UNFINISHED))


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _bytes_in(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in _inside(folder))
    except FileNotFoundError:  # removed meanwhile
        return 0


def _last_used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_left_behind(folder: Path) -> bool:
    return _last_used(folder) < time.time() - LEFT_BEHIND_SECONDS


def _remove(folder: Path) -> None:
    """It leaves its place as a whole, so that a crash leaves nothing half there."""
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        folder.rename(aside)
    except OSError:  # somebody else removes it, or it is in use where that forbids it
        return
    shutil.rmtree(aside, ignore_errors=True)
