"""What lists say of a run: its name, its choices, what it takes, and what its log says without the curves.

A summary remembers which files it was made from, by size and time, and how far it has read the log. It is never
believed over them: where a file has changed it is rebuilt, and of a log that has grown only the new end is read.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from studio import event_log
from studio.config import RunConfig, holds_settings
from studio.errors import StudioError
from studio.event_log import LogPosition
from studio.events import Resumed, RunState, fold
from studio.language import Said, _, sentences
from studio.models.catalog import find_card
from studio.removal import files_below
from studio.store import Run

OMITTED = ("train", "validation", "notes", "layers", "rate_test", "hardware", "phase")  # of the state; lists need none
STEP = b'"type":"step"'
DAMAGED = {  # what is lost with a file, and what can be done
    "run.yaml": _("run.yaml is damaged, so the settings are lost. Put it back from a copy, or delete the run."),
    "meta.json": _("meta.json is damaged, so the name is lost. Rename the run, which writes the file anew."),
    "events.jsonl": _("events.jsonl is damaged, so what happened is lost. Put it back from a copy, or delete the run."),
}


@dataclass(frozen=True)
class Choices:
    """What was chosen for a run. task, model, strategy: "" where this version cannot read the run file. preset: the one
    that chose the settings; "" for none."""

    name: str
    created: float
    data: str
    task: str = ""
    model: str = ""
    strategy: str = ""
    preset: str = ""
    words: str = ""  # what a search looks through, in lower case
    tags: tuple[str, ...] = ()
    group: str = ""  # the same for all runs of a task on the same data: their scores can be compared


@dataclass(frozen=True)
class RunSummary:
    """files: sizes and times of run.yaml, meta.json and the log. state: as the log says, without what is `OMITTED`.

    damage: which files are damaged and what to do about it; "" where none is. bytes: that its files take.
    """

    id: str
    files: tuple[str, str, str]
    choices: Choices
    position: LogPosition = field(default_factory=LogPosition)
    state: RunState = field(default_factory=RunState)
    damage: Said = ""
    bytes: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the log says that nothing will come any more: such a run cannot be resumed."""
        return self.state.finished is not None


def summarise(run: Run, known: RunSummary | None = None) -> RunSummary:
    """The summary of `run` as its files are now; `known` is an earlier one, from which it goes on."""
    files = stamps(run)  # before they are read: what is added meanwhile shows the next time
    if known is not None and known.files == files:
        return known
    choices = known.choices if known is not None and known.files[:2] == files[:2] else _choices(run)
    if not choices.task:
        files = ("", *files[1:])  # another version may be able to read it
    position, state = _read_log(run.events_file, known.position, known.state) if known else (LogPosition(), RunState())
    if position.offset == 0:
        position, state = _read_log(run.events_file, LogPosition(), RunState())
    return RunSummary(run.id, files, choices, position, state, _damage(run, state), _bytes(run, state))


def stamps(run: Run) -> tuple[str, str, str]:
    """Size and time of the files that a summary is made from; "" for one that is not there."""
    folder = str(run.folder)
    return _stamp(f"{folder}/run.yaml"), _stamp(f"{folder}/meta.json"), _stamp(f"{folder}/events.jsonl")


def logged_state(run: Run) -> Callable[[], RunState]:
    """For `Run.state`, where only a status is asked for: the log without its curves, read on from call to call."""
    summary: RunSummary | None = None

    def read() -> RunState:
        nonlocal summary
        summary = summarise(run, summary)
        return summary.state

    return read


def source_name(config: RunConfig) -> str:
    """What the data is called where nobody gave it a name: the file's."""
    return config.data.source.replace("\\", "/").rpartition("/")[2]


def _stamp(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116 for three files of thousands of runs a Path takes too long
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{status.st_size}:{status.st_mtime_ns}"


def _choices(run: Run) -> Choices:
    meta = run.meta
    name, created = str(meta.get("name") or run.id), run.created
    try:
        config = RunConfig.from_file(run.config_file)
    except StudioError:
        known = "\n".join((name, run.id, *run.tags, run.notes)).lower()
        return Choices(name, created, str(meta.get("data") or ""), words=known, tags=run.tags)
    preset = str(meta.get("preset") or "")
    data, model, strategy = str(meta.get("data") or source_name(config)), config.model.id, config.chosen_strategy
    card = find_card(model)
    words = [name, run.id, data, config.task, model, card.title if card else "", strategy.name, strategy.title]
    words += [*run.tags, run.notes]
    rows = hashlib.sha256(f"{config.task} {config.data.model_dump_json()}".encode()).hexdigest()[:16]
    known = "\n".join(words).lower()
    return Choices(name, created, data, config.task, model, strategy.name, preset, known, run.tags, rows)


def _bytes(run: Run, state: RunState) -> int:
    """Without the checkpoints that a finished run removes just after its last event."""
    total = sum(size for _changed, size in files_below(run.folder))
    left = sum(size for _changed, size in files_below(run.checkpoints)) if state.finished else 0
    return total - left


def _damage(run: Run, state: RunState) -> str:
    log = run.events_file
    is_damaged = {
        "run.yaml": not holds_settings(run.config_file),
        "meta.json": run.meta_is_damaged,
        "events.jsonl": log.exists() and (not log.is_file() or (state.last is None and run.log_bytes > 0)),
    }
    return sentences(*(sentence for name, sentence in DAMAGED.items() if is_damaged[name]))


def _read_log(log: Path, position: LogPosition, state: RunState) -> tuple[LogPosition, RunState]:
    """How far the log goes, and its state, from an earlier one; position 0 where that is not possible."""
    read = event_log.read_lines(log, position)
    if read is None:
        return LogPosition(), RunState()
    events = list(event_log.parse_lines(b"\n".join(without_curve(read[0].splitlines()))))
    if position.offset and any(isinstance(event, Resumed) for event in events):
        return LogPosition(), RunState()  # the best of the checks that are left is not known here
    fresh = RunState()
    return read[1], replace(fold(events, state), **{name: getattr(fresh, name) for name in OMITTED})


def without_curve(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a log without each step that another one follows, which changes nothing but the curve.

    Nine tenths of a log are such lines, and reading them as JSON is what takes long.
    """
    for line, following in pairwise((*lines, b"")):
        if not (_is_step(line) and _is_step(following)):
            yield line


def _is_step(line: bytes) -> bool:
    return STEP in line and line.startswith(b"{") and line.endswith(b"}")  # a torn line has no end
