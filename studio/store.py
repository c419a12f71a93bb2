"""Runs on disk: one folder a run, its layout, and what is true of it.

RUN_DIR/ run.yaml        what to do (written once, before the run is queued)
         meta.json       name, tags, notes, created: what people may change later (UI process)
         queued.json     present while the run waits for its turn (UI process)
         control.json    {"command": "pause" | "stop"} (UI process; the worker reads it every step)
         worker.json     pid and start time of the newest worker (worker; before it can, who started it)
         worker.lock     held by the worker as long as it lives: a run has one
         events.jsonl    the log (worker, append-only)
         worker.log      what the worker printed
         checkpoints/    step-N/ (worker; the file COMPLETE comes last)
         data/           examples.parquet: the rows used, each with its split and original row number;
                         dataset.json: the imported data set that they come from (worker)
         model/          the tuned model, standard format (worker; COMPLETE comes last)
         initial.safetensors   the weights that did not come with the pretrained model, as they began (worker)
         evaluation/     test.parquet (one row an example), scores.json (worker)

Beside the runs, HOME/busy holds an empty file for each run that waits or has a worker, so that these are found without
a look into every folder. What counts is in the run's own folder; the marks can be deleted and are then restored.
"""

import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from studio import event_log
from studio.errors import StudioError
from studio.event_log import LogPosition
from studio.events import ACTIVE, AnyEvent, Event, RunState, Status, fold
from studio.files import (
    COMPLETE,
    can_be_written,
    clear_place,
    is_complete,
    mark_complete,
    read_object,
    replace_json,
    replace_text,
)
from studio.language import _
from studio.names import tidy_name
from studio.paths import Home
from studio.processes import Identity
from studio.tags import tidy_tags

__all__ = ["COMPLETE", "Command", "Run", "Store", "is_complete", "mark_complete"]

ID_PATTERN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
Command = Literal["pause", "stop"]
COMMANDS: tuple[Command, ...] = ("pause", "stop")
LONGEST_NAME = 120  # letters
LATEST = 1e11  # seconds: no file of ours names a later time
META: dict[str, tuple[type[Any], ...]] = {  # what meta.json may hold, and of which type
    "name": (str,),
    "created": (int, float),
    "data": (str,),
    "dataset": (str,),
    "preset": (str,),
    "tags": (list,),
    "notes": (str,),
    "sweep": (str,),
    "expected": (dict,),
}


@dataclass(frozen=True)
class Run:
    """One run's folder. Cheap to create; every property reads the disk.

    Any file may be empty, cut off, or a folder. What a damaged one says counts as not said, and none stops a list.
    """

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def home(self) -> Home:
        """The home that it lies in: its owner's."""
        return Home(self.folder.parent.parent)

    @property
    def exists(self) -> bool:
        """Whether the folder is a run's: run.yaml comes last when one is made."""
        return self.config_file.exists()

    @cached_property
    def config_file(self) -> Path:
        return self.folder / "run.yaml"

    @cached_property
    def events_file(self) -> Path:
        return self.folder / "events.jsonl"

    @cached_property
    def worker_log(self) -> Path:
        return self.folder / "worker.log"

    @cached_property
    def worker_lock(self) -> Path:
        return self.folder / "worker.lock"

    @cached_property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @cached_property
    def model(self) -> Path:
        return self.folder / "model"

    @cached_property
    def initial_weights(self) -> Path:
        return self.folder / "initial.safetensors"

    @cached_property
    def examples_file(self) -> Path:
        return self.folder / "data" / "examples.parquet"

    @cached_property
    def dataset_file(self) -> Path:
        return self.folder / "data" / "dataset.json"

    @property
    def dataset(self) -> str | None:
        """The imported data set's folder name: as the page chose it, or else as the worker read it; None before."""
        used = (read_object(self.dataset_file) or {}).get("dataset")
        return self.meta.get("dataset") or (used if isinstance(used, str) else None)

    @cached_property
    def test_rows_file(self) -> Path:
        return self.folder / "evaluation" / "test.parquet"

    @cached_property
    def scores_file(self) -> Path:
        return self.folder / "evaluation" / "scores.json"

    # --- what people may change -------------------------------------------------------------

    @cached_property
    def meta_file(self) -> Path:
        return self.folder / "meta.json"

    @property
    def meta(self) -> dict[str, Any]:
        """What meta.json says, without what is of a wrong type."""
        return {key: value for key, value in (read_object(self.meta_file) or {}).items() if _can_be(key, value)}

    @property
    def meta_is_damaged(self) -> bool:
        """Whether meta.json is there, and cannot be read or says something of a wrong type."""
        said = read_object(self.meta_file)
        return self.meta_file.exists() if said is None else not all(_can_be(*item) for item in said.items())

    @property
    def name(self) -> str:
        return str(self.meta.get("name") or self.id)

    @property
    def created(self) -> float:
        """In seconds since 1970; where meta.json does not say it, the time in the run's id."""
        return float(self.meta.get("created") or _time_of(self.id))

    @property
    def tags(self) -> tuple[str, ...]:
        return tidy_tags(tag for tag in self.meta.get("tags", ()) if isinstance(tag, str))

    @property
    def notes(self) -> str:
        return str(self.meta.get("notes", ""))

    def rename(self, name: str) -> None:
        tidy = tidy_name(name, LONGEST_NAME)
        if not tidy:
            raise StudioError(_("The run needs a name."), _("The name is empty."), _("Type a name."))
        self._write(self.meta_file, {**self.meta, "name": tidy})

    def annotate(self, **facts: Any) -> None:
        """Keep something beside the name that pages want to show; what has no value is left out."""
        known = {key: value for key, value in facts.items() if value is not None}
        self._write(self.meta_file, {**self.meta, **known})

    def _write(self, file: Path, value: dict[str, Any]) -> None:
        if not self.folder.is_dir():  # writing would make half a folder, in the way of the run when it is restored
            raise StudioError(
                _("The run is not there any more."), _("It may have been deleted."), _("Restore it first.")
            )
        clear_place(file)
        replace_json(file, value)

    # --- queue, control, identity -----------------------------------------------------------

    @cached_property
    def queued_file(self) -> Path:
        return self.folder / "queued.json"

    @cached_property
    def control_file(self) -> Path:
        return self.folder / "control.json"

    @cached_property
    def worker_file(self) -> Path:
        return self.folder / "worker.json"

    @property
    def queued_at(self) -> float | None:
        """When the run was queued, by the file's own time where the file is damaged; None where it is not queued."""
        said: Any = (read_object(self.queued_file) or {}).get("time")
        if _can_be("created", said):
            return float(said)
        try:
            status = self.queued_file.stat()
        except OSError:
            return None
        return status.st_mtime if stat.S_ISREG(status.st_mode) else None

    def enqueue(self, at: float | None = None) -> None:
        """at: its place in the queue, in seconds since 1970; the end of it by default."""
        self.clear_command()
        self._write(self.queued_file, {"time": time.time() if at is None else at})
        self.mark_busy()

    def dequeue(self) -> None:
        clear_place(self.queued_file)
        self.queued_file.unlink(missing_ok=True)

    def command(self, command: Command) -> None:
        """Ask the worker to pause or stop; it obeys at its next step."""
        self._write(self.control_file, {"command": command})

    def clear_command(self) -> None:
        clear_place(self.control_file)
        self.control_file.unlink(missing_ok=True)

    @property
    def pending_command(self) -> Command | None:
        said = (read_object(self.control_file) or {}).get("command")
        return next((command for command in COMMANDS if command == said), None)

    def seconds_since_a_word(self) -> float:
        """How long nothing was asked of the worker, and nothing was said by it."""
        known = [path.stat().st_mtime for path in (self.control_file, self.events_file) if path.exists()]
        return time.time() - max(known, default=time.time())

    @property
    def worker(self) -> Identity | None:
        worker = read_object(self.worker_file)
        try:
            return Identity.from_dict(worker) if worker else None
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def set_worker(self, identity: Identity) -> None:
        self._write(self.worker_file, identity.as_dict())
        self.mark_busy()

    @property
    def is_busy(self) -> bool:
        """Whether it waits in the queue or has a living worker."""
        return self.queued_at is not None or ((worker := self.worker) is not None and worker.is_alive)

    def mark_busy(self) -> None:
        """Let `Store.busy` find this run. Where no folder of marks is yet, whoever makes it visits every run."""
        with suppress(FileNotFoundError):
            (self.home.busy / self.id).touch()

    # --- events -----------------------------------------------------------------------------

    def append(self, event: Event) -> None:
        """Only the worker calls this."""
        event_log.append(self.events_file, event)

    @property
    def log_bytes(self) -> int:
        return self.events_file.stat().st_size if self.events_file.is_file() else 0

    def read_from(self, offset: int = 0) -> tuple[list[AnyEvent], int]:
        """Whole events behind byte `offset`, and the offset behind the last of them."""
        read = event_log.read_lines(self.events_file, LogPosition(offset))
        assert read is not None  # a position without a checksum fits any log
        return list(event_log.parse_lines(read[0])), read[1].offset

    def state(self, read_log: Callable[[], RunState] | None = None) -> RunState:
        """The fold over all events, corrected by what only the outside knows: queued, or a dead worker.

        read_log: the fold of the log as it is now, for callers that keep it instead of reading all of it again.
        """
        read_log = read_log or (lambda: fold(self.read_from(0)[0]))
        state = self._corrected(read_log())
        if state.status == "interrupted":  # or it wrote its last event after we read: now the log is whole
            state = self._corrected(read_log())
        return state

    def _corrected(self, logged: RunState) -> RunState:
        return replace(logged, status=self.actual_status(logged.status, logged.last))

    def actual_status(self, logged: Status, last: float | None) -> Status:
        """The status by the log, whose newest event is of time `last` -> what is true of the processes.

        A run in the queue is queued, one that should be at work without a living worker is interrupted,
        and one whose new worker has not logged anything yet is starting.
        """
        if self.queued_at is not None:
            return "queued"
        worker = self.worker
        alive = worker is not None and worker.is_alive
        if logged in ACTIVE and alive:
            return logged
        if logged not in ACTIVE and alive and worker is not None and worker.started > (last or 0.0):
            return "starting"
        return resting_status(logged)

    def remove_checkpoints(self) -> None:
        shutil.rmtree(self.checkpoints, ignore_errors=True)


@dataclass(frozen=True)
class Store:
    """All runs of one home."""

    home: Home

    def create(self, config_text: str, name: str, /, **facts: Any) -> Run:
        """A new run folder with its run.yaml; not queued yet. facts: as `Run.annotate` takes them."""
        run = Run(self.home.runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        try:
            run.folder.mkdir(parents=True)
        except FileExistsError:  # made in the same second, with the same luck
            return self.create(config_text, name, **facts)
        known = {key: value for key, value in facts.items() if value is not None}
        try:
            replace_json(run.meta_file, {**known, "name": tidy_name(name, LONGEST_NAME), "created": time.time()})
            replace_text(run.config_file, config_text)
        except OSError:
            self.take_back(run)
            raise
        return run

    def take_back(self, run: Run) -> None:
        """Remove a run for good that could not be made, or queued."""
        shutil.rmtree(run.folder, ignore_errors=True)

    def __iter__(self) -> Iterator[Run]:
        """Newest first. Lists of many runs come from the index (`studio.run_index`), which visits only a few."""
        return _runs_in(self.home.runs)

    def folder_names(self) -> list[str]:
        """Of the runs, newest first, and of what else may lie among them."""
        return _names_in(self.home.runs)

    def find(self, run_id: str) -> Run | None:
        """The run with this id, or None. An id comes from a browser, so it is never taken for a path."""
        run = Run(self.home.runs / run_id)
        return run if ID_PATTERN.fullmatch(run_id) is not None and run.exists else None

    def get(self, run_id: str | Path) -> Run:
        """By id, or by the path of its folder: for the command line."""
        run = self.find(str(run_id)) or Run(Path(run_id).resolve())
        if run.exists:
            return run
        raise StudioError(
            _("There is no run '{run}'.", run=run_id),
            _("Looked in {folder}.", folder=self.home.runs),
            _("See the ids with `studio runs`, or on the Runs page."),
        )

    def busy(self) -> list[Run]:
        """Runs that wait or have a living worker, in no order; marks of others are removed."""
        if not self.home.busy.is_dir():
            self.mark_busy()
        found = []
        for mark in list(self.home.busy.iterdir()):
            run = self.find(mark.name)
            if run is not None and run.is_busy:
                found.append(run)
                continue
            mark.unlink(missing_ok=True)
            if run is not None and run.is_busy:  # since this moment, and its mark may be the one that is gone now
                run.mark_busy()
        return found

    def mark_busy(self) -> None:
        """Visit every run and mark those that are busy: for a home without marks, and after a crash."""
        self.home.busy.mkdir(parents=True, exist_ok=True)
        for run in self:
            if run.is_busy:
                run.mark_busy()

    def delete(self, run: Run) -> None:
        """Move a run to the trash. A run at work must be stopped first."""
        if run.state().status in ACTIVE:
            raise StudioError(
                _("'{run}' is still training.", run=run.name),
                _("Its files are in use."),
                _("Stop it first, then delete it."),
            )
        run.dequeue()
        self.home.trash.mkdir(parents=True, exist_ok=True)
        os.utime(run.folder)  # the folder's own time is when it was deleted
        run.folder.rename(self.home.trash / run.id)

    def deleted(self) -> Iterator[Run]:
        """Runs in the trash, the last one that was deleted first."""
        runs = [(_folder_time(run.folder), run) for run in _runs_in(self.home.trash)]
        return (run for _deleted, run in sorted(runs, key=lambda item: item[0], reverse=True))

    def restore(self, run_id: str) -> Run:
        """Restore a deleted run. An unknown id raises StudioError."""
        if run_id not in {run.id for run in self.deleted()}:
            raise StudioError(
                _("There is no deleted run '{run}'.", run=run_id), _("It may have been restored already.")
            )
        self.home.runs.mkdir(parents=True, exist_ok=True)
        run = Run(self.home.runs / run_id)
        if run.folder.exists() and not run.exists:  # a process that was about to write when the run was deleted
            shutil.rmtree(run.folder)
        (self.home.trash / run_id).rename(run.folder)
        return run


def resting_status(logged: Status) -> Status:
    """The status by the log -> what is true of a run that does not wait and has no living worker."""
    return "interrupted" if logged in ACTIVE or logged == "queued" else logged


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 names alone, of thousands
    except FileNotFoundError:
        return []


def _runs_in(folder: Path) -> Iterator[Run]:
    return (run for name in _names_in(folder) if (run := Run(folder / name)).exists)


def _folder_time(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # removed for good meanwhile
        return 0.0


def _can_be(key: str, value: Any) -> bool:
    """Whether meta.json may say this: a key that this version does not know may have any value that can be written."""
    right = isinstance(value, META.get(key, (object,)))
    return right and (key != "created" or 0 <= value <= LATEST) and can_be_written(value)


def _time_of(run_id: str) -> float:
    """The time that an id begins with; 0.0 for a folder with a name of its own."""
    try:
        return time.mktime(time.strptime(run_id[:15], "%Y%m%d-%H%M%S"))
    except (ValueError, OverflowError):
        return 0.0
