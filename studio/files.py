"""Writing files so that a reader, or a crash, never sees half of one."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMPLETE = "COMPLETE"


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


def read_json(path: Path) -> Any | None:
    """The parsed file, or None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def mark_complete(folder: Path) -> None:
    """Say, last of all, that everything in `folder` is there."""
    replace_text(folder / COMPLETE, json.dumps({"time": time.time()}))


def is_complete(folder: Path) -> bool:
    return (folder / COMPLETE).is_file()
