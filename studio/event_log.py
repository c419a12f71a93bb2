"""Reading and appending a run's event log, RUN_DIR/events.jsonl: one JSON object a line, written by the worker alone.

The log is only ever appended to, and it stays short because the worker's progress events become rarer the longer a
training takes (see `studio.engine.reporting`). It is never rewritten, not even when the run has ended: the byte offsets
of open pages, of the index and of every other reader stay valid. Should a log be replaced from outside all the same
(a restored backup, a home copied over another), readers notice and start over.
"""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.events import AnyEvent, Event, parse

UNREADABLE = (FileNotFoundError, IsADirectoryError, PermissionError)
ENDING = 128  # bytes: more than enough to hold the time of an event, in milliseconds


@dataclass(frozen=True)
class LogPosition:
    """How far a log has been read. checksum: of the `ENDING` bytes before `offset`, by which a log that was replaced
    is recognised; None where that is not asked."""

    offset: int = 0
    checksum: int | None = None


def append(log: Path, event: Event) -> None:
    """Add one event, stamped with the time, in a single write."""
    stamped = event if event.time else event.model_copy(update={"time": round(time.time(), 3)})
    line = stamped.model_dump_json(exclude_none=True) + "\n"
    with log.open("ab") as file:
        file.write(line.encode())


def read_lines(log: Path, position: LogPosition) -> tuple[bytes, LogPosition] | None:
    """The whole lines behind `position`, and the position behind them; None if the log is not the one it was.

    A line still being written is left for the next call. A folder in the log's place, or a log that this process may
    not read, counts as an empty one.
    """
    before = min(position.offset, ENDING)
    try:
        with log.open("rb") as file:
            file.seek(position.offset - before)
            block = file.read()
    except UNREADABLE:
        block = b""
    if before and position.checksum not in (None, zlib.crc32(block[:before])):
        return None
    end = max(before, block.rfind(b"\n") + 1)
    offset = position.offset + end - before
    return block[before:end], LogPosition(offset, zlib.crc32(block[:end][-ENDING:]))


def is_whole_at(log: Path, offset: int) -> bool:
    """Whether an event ends at `offset`, as it does wherever the log has been read up to."""
    if offset == 0:
        return True
    try:
        with log.open("rb") as file:
            file.seek(offset - 1)
            return file.read(1) == b"\n"
    except UNREADABLE:
        return False


def parse_lines(lines: bytes) -> Iterator[AnyEvent]:
    """The events of these lines. A line that was cut off in a crash is skipped."""
    for line in lines.splitlines():
        try:
            yield parse(line)
        except ValueError:
            continue
