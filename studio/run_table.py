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
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from studio.event_log import LogPosition
from studio.events import AnyEvent, RunState, Status
from studio.metrics import metric_named
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
FORMAT = 3  # raise it when the same fields come to mean something else
TABLES = ("runs", "contents")
SEPARATOR = "\n"  # between tags, which hold none


class Row(NamedTuple):
    """What is asked of all runs at once, so that their content is not read for it.

    status: as the log says. metric, score: the best check by the headline metric, more is better; score is None where
    there is none. tags: with a SEPARATOR between them. files: see `RunSummary`, as one text.
    """

    id: str
    is_over: bool
    has_model: bool
    status: Status
    name: str
    created: float
    data: str
    task: str
    model: str
    strategy: str
    tags: str
    seconds: float
    bytes: int
    metric: str
    score: float | None
    group: str
    files: str
    words: str

    @classmethod
    def of(cls, summary: RunSummary) -> "Row":
        choices, state = summary.choices, summary.state
        metric = metric_named(state.plan.headline_metric if state.plan else "")
        score = state.best.metrics.get(metric.name) if state.best else None
        return cls(
            id=summary.id,
            is_over=summary.is_over,
            has_model=state.has_model,
            status=state.status,
            name=choices.name,
            created=choices.created,
            data=choices.data,
            task=choices.task,
            model=choices.model,
            strategy=choices.strategy,
            tags=SEPARATOR.join(choices.tags),
            seconds=state.seconds,
            bytes=summary.bytes,
            metric=metric.name,
            score=score if score is None or metric.higher_is_better else -score,
            group=choices.group,
            files=as_text(summary.files),
            words=choices.words,
        )


def split_tags(tags: str) -> list[str]:
    return tags.split(SEPARATOR) if tags else []


def as_text(files: Sequence[str]) -> str:
    return " ".join(files)


def quoted(column: str) -> str:
    return f'"{column}"'


COLUMNS = ", ".join(map(quoted, Row._fields))
TAGS = quoted("tags")
HIGHEST = 50  # of a group: more than there are deleted ones whose rows are still there
SCHEMA = f"""
    CREATE TABLE runs ({COLUMNS.replace('"id"', '"id" TEXT PRIMARY KEY')});
    CREATE INDEX kinds ON runs (id, is_over, has_model);
    CREATE INDEX groups ON runs ("group", score DESC, id, metric);
    CREATE TABLE contents (id TEXT PRIMARY KEY, content BLOB, checksum INTEGER)
"""


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
            for run_id, *kept in self._select(
                f"SELECT id, content, checksum FROM contents WHERE id IN ({marks})", some
            ):
                if (summary := _summary(*kept)) is not None:
                    found[run_id] = summary
        return found

    def with_model(self) -> set[str]:
        """Ids of the runs that have a model."""
        return {found[0] for found in self._where("has_model", (), lambda row: row.has_model, ("id",))}

    def find(self, words: Sequence[str], task: str, tag: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """These columns of the rows whose words hold all of these, in lower case, of this task and with this tag; ""
        leaves all."""
        tags, wanted = f"? || {TAGS} || ?", (SEPARATOR, SEPARATOR, f"{SEPARATOR}{tag}{SEPARATOR}")
        conditions = ["instr(words, ?)"] * len(words) + ["task = ?"] * bool(task) + [f"instr({tags}, ?)"] * bool(tag)
        values = [*words, *[task] * bool(task), *wanted[: 3 * bool(tag)]]

        def holds(row: Row) -> bool:
            is_of = row.task == task or not task
            return is_of and (not tag or tag in split_tags(row.tags)) and all(word in row.words for word in words)

        return self._where(" AND ".join(conditions) or "1", values, holds, columns)

    def _where(
        self, condition: str, values: Sequence[str], holds: Callable[[Row], bool], columns: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """By the condition in SQL of what is stored, and by `holds` of what is held in memory."""
        held = self._held_rows()
        query = f"SELECT id, {', '.join(map(quoted, columns))} FROM runs WHERE {condition}"
        stored = [found[1:] for found in self._select(query, values) if found[0] not in held]
        return stored + [tuple(getattr(row, name) for name in columns) for row in held.values() if holds(row)]

    def files_of_changing(self) -> dict[str, str]:
        """Of the runs that are not over, what their rows were made from, by id."""
        stored = dict(self._select("SELECT id, files FROM runs WHERE NOT is_over"))
        return stored | {row.id: row.files for row in self._held_rows().values() if not row.is_over}

    def tasks_and_tags(self) -> tuple[set[str], set[str]]:
        """Those of any run."""
        found = {*self._select("SELECT DISTINCT task, tags FROM runs")}
        found |= {(row.task, row.tags) for row in self._held_rows().values()}
        return {task for task, _tags in found if task}, {tag for _task, tags in found for tag in split_tags(tags)}

    def highest(self, groups: Sequence[str]) -> list[tuple[str, str, float, str]]:
        """(group, metric, score, id) of some runs of each group: those with the highest scores, the highest first."""
        held = self._held_rows()
        of_one = 'SELECT "group", metric, score, id FROM runs WHERE "group" = ? AND score IS NOT NULL'
        query = f"SELECT * FROM ({of_one} ORDER BY score DESC, id LIMIT {HIGHEST})"
        found = self._select(" UNION ALL ".join([query] * len(groups)), groups) if groups else []
        mine = [(row.group, row.metric, row.score, row.id) for row in held.values() if row.group in groups]
        some = [each for each in found if each[3] not in held] + [each for each in mine if each[2] is not None]
        return sorted(some, key=lambda each: (-each[2], each[3]))

    def _held_rows(self) -> dict[str, Row]:
        return {run_id: Row.of(summary) for run_id, summary in self._held.copy().items()}

    def save(self, summaries: Sequence[RunSummary]) -> None:
        """Keep these rows, and those that could not be written before."""
        self._held |= {summary.id: summary for summary in summaries}
        held = self._held.copy()
        rows = [Row.of(summary) for summary in held.values()]
        if self._write(
            (f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * len(Row._fields))})", rows),
            ("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", [_content(each) for each in held.values()]),
        ):
            for run_id, summary in held.items():
                if self._held.get(run_id) is summary:
                    self._held.pop(run_id, None)

    def remove(self, ids: Iterable[str]) -> None:
        """Forget these rows."""
        gone = list(ids)
        for run_id in gone:
            self._held.pop(run_id, None)
        rows = [(run_id,) for run_id in gone]
        self._write(*((f"DELETE FROM {table} WHERE id = ?", rows) for table in TABLES))

    def _select(self, query: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        return self._use("read", lambda table: table.execute(query, values).fetchall(), [])

    def _write(self, *statements: tuple[str, Sequence[tuple[Any, ...]]]) -> bool:
        """All of these or none, each for its rows."""

        def work(table: sqlite3.Connection) -> bool:
            for statement, rows in statements:
                table.executemany(statement, rows)
            return True

        return not any(rows for _statement, rows in statements) or self._use("write", work, False)

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
                former = " ".join(f"DROP TABLE IF EXISTS {name};" for name in TABLES)
                table.executescript(f"BEGIN IMMEDIATE; {former} {SCHEMA}; PRAGMA user_version = {_version()}; COMMIT")
        except sqlite3.Error:
            table.close()
            raise
        return table


def _content(summary: RunSummary) -> tuple[str, bytes, int]:
    content = _adapter().dump_json(summary, exclude={"state": set(OMITTED)})
    return summary.id, content, zlib.crc32(content)


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
    shape = [list(Row._fields)]
    shape += [list(each.__dataclass_fields__) for each in (RunSummary, Choices, LogPosition, RunState)]
    shape += [list(event.model_fields) for event in events]
    return zlib.crc32(repr((FORMAT, shape)).encode()) & 0x7FFFFFFF or 1
