"""Writing files so that a reader, or a crash, never sees half of one."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from studio.errors import StudioError
from studio.language import _

COMPLETE = "COMPLETE"
T = TypeVar("T")
IN_ITS_PLACE = _("A folder is in its place.")
OTHERWISE = _("It does not hold what belongs there.")
# what reading raises where a file holds something else than was written there; of a Parquet file, too
ELSE = (OSError, AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`, to be filled inside; afterwards it is flushed to disk and renamed to `path`.

    Whatever is raised inside, or OSError afterwards (a full disk, say), leaves `path` as it was and nothing else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}.tmp"
    try:
        temporary.touch(exist_ok=False)  # with the rights of any new file here, which a tempfile would not have
        rights = temporary.stat().st_mode
        yield temporary
        temporary.chmod(rights)  # safetensors puts a file of its own there, for its owner alone
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_with(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, and put it in its place; see `replacing`."""
    with replacing(path) as temporary:
        write(temporary)


def give_usual_rights(folder: Path) -> None:
    """The files in `folder` get the rights of any new file: safetensors writes its own for their owner alone."""
    probe = folder / f".{secrets.token_hex(8)}.tmp"
    probe.touch()
    rights = probe.stat().st_mode
    probe.unlink()
    for file in folder.iterdir():
        if file.is_file():
            file.chmod(rights)


def replace_text(path: Path, text: str) -> None:
    replace_with(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def replace_json(path: Path, value: Any) -> None:
    replace_text(path, json.dumps(value, ensure_ascii=False, indent=1))


def can_be_written(value: Any) -> bool:
    """Whether the JSON value holds no half of a letter (an unpaired surrogate), which JSON can spell and nothing can
    store."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def read_json(path: Path) -> Any | None:
    """The parsed file, or None where there is none. StudioError says what is wrong with a damaged one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise damaged(path, _("It is empty, cut off or overwritten.")) from error
    except OSError as error:
        raise damaged(path, IN_ITS_PLACE if path.is_dir() else f"{error}.") from error


class DamagedError(StudioError):
    """A file of the home is not what was written there."""


def damaged(path: Path, why: str) -> DamagedError:
    """What is said of a file that cannot be used as it is."""
    return DamagedError(
        _("The file {file} is damaged.", file=path.name),
        why,
        _("Put {file} back from a copy, or move it elsewhere.", file=path),
    )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Where `path` does not hold what is read of it inside, StudioError says that it is damaged."""
    try:
        yield
    except ELSE as error:
        raise damaged(path, IN_ITS_PLACE if path.is_dir() else OTHERWISE) from error


def read_as(path: Path, make: Callable[[dict[str, Any]], T]) -> T | None:
    """What `make` makes of the JSON object in the file; None where there is no file.

    StudioError says what is wrong with a damaged one, and with one that `make` cannot take.
    """
    value = read_json(path)
    if value is None:
        return None
    with reading(path):
        return make(value)


def read_cache(path: Path, make: Callable[[dict[str, Any]], T]) -> T | None:
    """The same for what can be computed anew: a damaged file counts as none."""
    try:
        return read_as(path, make)
    except StudioError:
        return None


def replace_cache(path: Path, value: Any) -> None:
    """Remember `value` for `read_cache`, whatever lies there."""
    clear_place(path)
    replace_json(path, value)


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object that the file holds; None where there is no file, or a damaged one."""
    try:
        value = read_json(path)
    except StudioError:
        return None
    return value if isinstance(value, dict) else None


def clear_place(path: Path) -> None:
    """Where a folder lies in the place of a file, move it aside, so that the file can be written."""
    if path.is_dir():
        path.rename(path.with_name(f"{path.name}.{secrets.token_hex(4)}.folder"))


def mark_complete(folder: Path) -> None:
    """Say, last of all, that everything in `folder` is there."""
    replace_text(folder / COMPLETE, json.dumps({"time": time.time()}))


def is_complete(folder: Path) -> bool:
    return (folder / COMPLETE).is_file()
