"""Runs on disk: one folder a run, its layout, and the reading and appending of its event log.

RUN_DIR/ run.yaml        what to do (written once, before the run is queued)
         meta.json       name, created: what people may change later (UI process)
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
"""

import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from studio.errors import StudioError
from studio.events import ACTIVE, AnyEvent, Event, RunState, Status, fold, parse
from studio.files import COMPLETE, is_complete, mark_complete, read_json, replace_json, replace_text
from studio.paths import Home
from studio.processes import Identity

__all__ = ["COMPLETE", "Command", "Run", "Store", "is_complete", "mark_complete"]

ID_PATTERN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
Command = Literal["pause", "stop"]


@dataclass(frozen=True)
class Run:
    """One run's folder. Cheap to make; every property reads the disk anew."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

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
        used = read_json(self.dataset_file) or {}
        return self.meta.get("dataset") or used.get("dataset")

    @cached_property
    def test_rows_file(self) -> Path:
        return self.folder / "evaluation" / "test.parquet"

    @cached_property
    def scores_file(self) -> Path:
        return self.folder / "evaluation" / "scores.json"

    # --- what people may change -------------------------------------------------------------

    @property
    def meta(self) -> dict[str, Any]:
        return read_json(self.folder / "meta.json") or {}

    @property
    def name(self) -> str:
        return str(self.meta.get("name") or self.id)

    @property
    def created(self) -> float:
        return float(self.meta.get("created") or 0.0)

    def rename(self, name: str) -> None:
        if not name.strip():
            raise StudioError("The run needs a name.", "The name is empty.", "Type a name.")
        replace_json(self.folder / "meta.json", {**self.meta, "name": name.strip()[:120]})

    def annotate(self, **facts: Any) -> None:
        """Keep something beside the name that pages want to show; what has no value is left out."""
        known = {key: value for key, value in facts.items() if value is not None}
        replace_json(self.folder / "meta.json", {**self.meta, **known})

    # --- queue, control, identity -----------------------------------------------------------

    @property
    def queued_at(self) -> float | None:
        queued = read_json(self.folder / "queued.json")
        return float(queued["time"]) if queued else None

    def enqueue(self) -> None:
        self.clear_command()
        replace_json(self.folder / "queued.json", {"time": time.time()})

    def dequeue(self) -> None:
        (self.folder / "queued.json").unlink(missing_ok=True)

    def command(self, command: Command) -> None:
        """Ask the worker to pause or stop; it obeys at its next step."""
        replace_json(self.folder / "control.json", {"command": command})

    def clear_command(self) -> None:
        (self.folder / "control.json").unlink(missing_ok=True)

    @property
    def pending_command(self) -> Command | None:
        control = read_json(self.folder / "control.json")
        return control["command"] if control else None

    @property
    def worker(self) -> Identity | None:
        worker = read_json(self.folder / "worker.json")
        return Identity.from_dict(worker) if worker else None

    def set_worker(self, identity: Identity) -> None:
        replace_json(self.folder / "worker.json", identity.as_dict())

    # --- events -----------------------------------------------------------------------------

    def append(self, event: Event) -> None:
        """Add one event, stamped with the time, in a single write. Only the worker calls this."""
        stamped = event if event.time else event.model_copy(update={"time": round(time.time(), 3)})
        line = stamped.model_dump_json(exclude_none=True) + "\n"
        with self.events_file.open("ab") as log:
            log.write(line.encode())

    @property
    def log_bytes(self) -> int:
        return self.events_file.stat().st_size if self.events_file.is_file() else 0

    def read_from(self, offset: int = 0) -> tuple[list[AnyEvent], int]:
        """Whole events behind byte `offset`, and the offset behind the last of them.

        A line still being written is left for the next call. A line that a dying machine tore, or of a type that
        only a newer studio knows, is passed over: the events around it still tell the story.
        """
        try:
            with self.events_file.open("rb") as log:
                log.seek(offset)
                block = log.read()
        except FileNotFoundError:
            return [], 0
        end = block.rfind(b"\n") + 1
        return list(_parse_lines(block[:end])), offset + end

    def state(self, told: Callable[[], RunState] | None = None) -> RunState:
        """The fold over all events, corrected by what only the outside knows: queued, or a dead worker.

        told: what the log says by now, for one who keeps its fold instead of reading all of it anew.
        """
        told = told or (lambda: fold(self.read_from(0)[0]))
        seen = self.seen_from_outside(told())
        if seen.status == "interrupted":  # or it said its last word after we read: now the log is whole
            seen = self.seen_from_outside(told())
        return seen

    def seen_from_outside(self, state: RunState) -> RunState:
        return replace(state, status=self.status_given(state.status, state.last))

    def status_given(self, told: Status, last: float | None) -> Status:
        """`told` by the events, the newest of them at time `last` -> what is true of the processes.

        A run in the queue is queued, one that should be at work without a living worker is interrupted,
        and one whose new worker has not spoken yet is starting.
        """
        if self.queued_at is not None:
            return "queued"
        worker = self.worker
        alive = worker is not None and worker.is_alive
        if told in ACTIVE:
            return told if alive else "interrupted"
        if alive and worker is not None and worker.started > (last or 0.0):
            return "starting"
        return "interrupted" if told == "queued" else told

    def remove_checkpoints(self) -> None:
        shutil.rmtree(self.checkpoints, ignore_errors=True)


def _parse_lines(block: bytes) -> Iterator[AnyEvent]:
    for line in block.splitlines():
        try:
            yield parse(line)
        except ValueError:
            continue  # torn by a crash, or a newer worker's: see read_from


@dataclass(frozen=True)
class Store:
    """All runs of one home."""

    home: Home

    def create(self, config_text: str, name: str) -> Run:
        """A new run folder with its run.yaml; not queued yet."""
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        run = Run(self.home.runs / run_id)
        run.folder.mkdir(parents=True)
        replace_json(run.folder / "meta.json", {"name": name, "created": time.time()})
        replace_text(run.config_file, config_text)
        return run

    def __iter__(self) -> Iterator[Run]:
        """Newest first."""
        if self.home.runs.is_dir():
            folders = sorted(self.home.runs.iterdir(), reverse=True)
            yield from (Run(folder) for folder in folders if (folder / "run.yaml").is_file())

    def find(self, run_id: str) -> Run | None:
        """The run with this id, or None. An id comes from a browser, so it is never taken for a path."""
        run = Run(self.home.runs / run_id)
        known = ID_PATTERN.fullmatch(run_id) is not None and run.config_file.is_file()
        return run if known else None

    def get(self, run_id: str | Path) -> Run:
        """By id, or by the path of its folder: for the command line."""
        run = self.find(str(run_id)) or Run(Path(run_id).resolve())
        if run.config_file.is_file():
            return run
        raise StudioError(
            f"There is no run '{run_id}'.",
            f"Looked in {self.home.runs}.",
            "See the ids with `studio runs`, or on the Runs page.",
        )

    def delete(self, run: Run) -> None:
        """Move a run to the trash. A run at work must be stopped first."""
        if run.state().status in ACTIVE:
            raise StudioError(
                f"'{run.name}' is still training.", "Its files are in use.", "Stop it first, then delete it."
            )
        run.dequeue()
        self.home.trash.mkdir(parents=True, exist_ok=True)
        run.folder.rename(self.home.trash / run.id)

    def deleted(self) -> list[Run]:
        folders = sorted(self.home.trash.iterdir(), reverse=True) if self.home.trash.is_dir() else []
        return [Run(folder) for folder in folders if (folder / "run.yaml").is_file()]

    def restore(self, run_id: str) -> Run:
        """Bring a deleted run back. An unknown id raises StudioError."""
        if run_id not in {run.id for run in self.deleted()}:
            raise StudioError(f"There is no deleted run '{run_id}'.", "It may have been restored already.")
        self.home.runs.mkdir(parents=True, exist_ok=True)
        target = self.home.runs / run_id
        (self.home.trash / run_id).rename(target)
        return Run(target)
