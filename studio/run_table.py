"""The rows of the run index in an SQLite file: stored and searched; rebuilt where the file is damaged.

Several processes may use the file at once, and it may be deleted at any time: it is opened for each operation.
Nothing is flushed to disk, for everything in it can be made again from the runs.
"""

import logging
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from studio.event_log import LogPosition
from studio.events import AnyEvent, RunState
from studio.run_summary import OMITTED, Choices, RunSummary

logger = logging.getLogger(__name__)
T = TypeVar("T")

SECONDS_TO_WAIT = 1.0  # for another process that writes
SECONDS_WITHOUT = 10.0  # until a file that could not be used is tried again
MOST_VARIABLES = 500  # in one statement
UNUSABLE = (  # for the moment, or for this process; any other error means that the file is damaged
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
)
FORMAT = 2  # raise it when the same fields come to mean something else
SCHEMA = """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, is_over INTEGER, has_model INTEGER, words TEXT, content BLOB, checksum INTEGER
    );
    CREATE INDEX kinds ON runs (id, is_over, has_model)
"""  # the index holds what is asked of all runs, so that their content is not read for it


class RunTable:
    """What cannot be read is missing, never wrong: whoever asks makes it from the run's files. What cannot be written
    is held in memory until it can."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: dict[str, RunSummary] = {}
        self._not_before = {"read": 0.0, "write": 0.0}  # when the file is tried again

    def ids(self) -> dict[str, bool]:
        """Every id in the table, and whether that run is over."""
        stored = {run_id: bool(is_over) for run_id, is_over in self._select("SELECT id, is_over FROM runs")}
        return stored | {run_id: summary.is_over for run_id, summary in self._held.copy().items()}

    def load(self, ids: Sequence[str]) -> dict[str, RunSummary]:
        """The rows with these ids that there are."""
        held = self._held.copy()
        found = {run_id: held[run_id] for run_id in ids if run_id in held}
        stored = [run_id for run_id in ids if run_id not in held]
        for start in range(0, len(stored), MOST_VARIABLES):
            some = stored[start : start + MOST_VARIABLES]
            marks = ",".join("?" * len(some))
            for run_id, *kept in self._select(f"SELECT id, content, checksum FROM runs WHERE id IN ({marks})", some):
                if (summary := _summary(*kept)) is not None:
                    found[run_id] = summary
        return found

    def search(self, words: Sequence[str]) -> set[str]:
        """Ids of the runs whose words hold all of these, in lower case."""
        holds = " AND ".join(["instr(words, ?)"] * len(words)) or "1"
        return self._ids_where(holds, words, lambda summary: all(word in summary.choices.words for word in words))

    def with_model(self) -> set[str]:
        """Ids of the runs that have a model."""
        return self._ids_where("has_model", (), lambda summary: summary.state.has_model)

    def _ids_where(self, condition: str, values: Sequence[str], holds: Callable[[RunSummary], bool]) -> set[str]:
        """By the condition in SQL of what is stored, and by `holds` of what is held in memory."""
        held = self._held.copy()
        stored = {run_id for (run_id,) in self._select(f"SELECT id FROM runs WHERE {condition}", values)}
        return (stored - held.keys()) | {run_id for run_id, summary in held.items() if holds(summary)}

    def save(self, summaries: Sequence[RunSummary]) -> None:
        """Keep these rows, and those that could not be written before."""
        self._held |= {summary.id: summary for summary in summaries}
        held = self._held.copy()
        if self._write("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", [_row(each) for each in held.values()]):
            for run_id, summary in held.items():
                if self._held.get(run_id) is summary:
                    self._held.pop(run_id, None)

    def remove(self, ids: Iterable[str]) -> None:
        """Forget these rows."""
        gone = list(ids)
        for run_id in gone:
            self._held.pop(run_id, None)
        self._write("DELETE FROM runs WHERE id = ?", [(run_id,) for run_id in gone])

    def _select(self, query: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        return self._use("read", lambda table: table.execute(query, values).fetchall(), [])

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> bool:
        return not rows or self._use("write", lambda table: bool(table.executemany(statement, rows)), False)

    # --- the file ---------------------------------------------------------------------------------

    def _use(self, kind: str, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """`work` done on the table; `otherwise` where there can be none, which makes lists slower but not wrong."""
        if time.monotonic() < self._not_before[kind]:
            return otherwise
        for last_try in (False, True):
            try:
                with closing(self._open()) as table, table:
                    return work(table)
            except sqlite3.Error as error:
                if last_try or (getattr(error, "sqlite_errorcode", 0) & 0xFF) in UNUSABLE:
                    logger.warning("The index of runs cannot be used: %s", error)
                    break
                logger.warning("The index of runs is damaged and is rebuilt: %s", error)
            try:
                for name in (self._file.name, f"{self._file.name}-journal"):
                    self._file.with_name(name).unlink(missing_ok=True)
            except OSError as error:
                logger.warning("The index of runs cannot be rebuilt: %s", error)
                break
        self._not_before[kind] = time.monotonic() + SECONDS_WITHOUT
        return otherwise

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        table = sqlite3.connect(self._file, timeout=SECONDS_TO_WAIT)
        try:
            table.execute("PRAGMA synchronous = OFF")
            if table.execute("PRAGMA user_version").fetchone()[0] != _version():
                table.executescript(
                    f"BEGIN IMMEDIATE; DROP TABLE IF EXISTS runs; {SCHEMA}; PRAGMA user_version = {_version()}; COMMIT"
                )
        except sqlite3.Error:
            table.close()
            raise
        return table


def _row(summary: RunSummary) -> tuple[str, bool, bool, str, bytes, int]:
    content = _adapter().dump_json(summary, exclude={"state": set(OMITTED)})
    words = summary.choices.words
    return summary.id, summary.is_over, summary.state.has_model, words, content, zlib.crc32(content)


def _summary(content: bytes, checksum: int) -> RunSummary | None:
    """What a row holds, or None where it is damaged."""
    try:
        return _adapter().validate_json(content) if zlib.crc32(content) == checksum else None
    except ValidationError:
        return None


@cache
def _adapter() -> TypeAdapter[RunSummary]:
    return TypeAdapter(RunSummary)


@cache
def _version() -> int:
    """Another one whenever what a row holds changes, so that rows of another version of the studio are never read."""
    events = get_args(get_args(AnyEvent)[0])
    shape = [list(each.__dataclass_fields__) for each in (RunSummary, Choices, LogPosition, RunState)]
    shape += [list(event.model_fields) for event in events]
    return zlib.crc32(repr((FORMAT, shape)).encode()) & 0x7FFFFFFF or 1
