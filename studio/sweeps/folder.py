"""Sweeps on disk: one folder each, and what is true of it.

SWEEP_DIR/ sweep.yaml     the run file with its ranges and choices (written once)
           meta.json      name, created, and what its runs are told of where they come from
           trials.jsonl   one line when a trial begins, one when it has ended (driver, append-only)
           control.json   {"command": "stop"} for the driver, who obeys at once
           driver.json    pid and start time of the newest driver
           driver.lock    held by the driver as long as it lives
           starting.lock  held while a driver is being started
           driver.log     what it printed
           importance.json  how much each setting matters (driver)
           ended.json     why nothing more will come; comes last (driver)

The trials' curves and models are in their runs. What a trial reached is read from its run's log, so nothing is kept
twice; `trials.jsonl` says which run it is, with which settings, and how it ended.
"""

import json
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from studio.config import settings_in
from studio.errors import StudioError
from studio.files import clear_place, read_object, replace_json, replace_text
from studio.language import _, unpacked
from studio.paths import Home
from studio.processes import Identity
from studio.sweeps.candidates import AUTO
from studio.sweeps.options import SweepOptions
from studio.sweeps.space import SECTION, Space, space_of
from studio.sweeps.trials import ID_PATTERN, TrialLog, TrialRecord

SweepStatus = Literal["running", "interrupted", "ended"]


@dataclass(frozen=True)
class Sweep:
    """One sweep's folder. Cheap to create; every property reads the disk."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def home(self) -> Home:
        return Home(self.folder.parent.parent)

    @property
    def exists(self) -> bool:
        return self.config_file.exists()

    @cached_property
    def config_file(self) -> Path:
        return self.folder / "sweep.yaml"

    @cached_property
    def trials_file(self) -> Path:
        return self.folder / "trials.jsonl"

    @cached_property
    def control_file(self) -> Path:
        return self.folder / "control.json"

    @cached_property
    def driver_file(self) -> Path:
        return self.folder / "driver.json"

    @cached_property
    def driver_lock(self) -> Path:
        return self.folder / "driver.lock"

    @cached_property
    def starting_lock(self) -> Path:
        return self.folder / "starting.lock"

    @cached_property
    def driver_log(self) -> Path:
        return self.folder / "driver.log"

    @cached_property
    def importance_file(self) -> Path:
        return self.folder / "importance.json"

    @cached_property
    def ended_file(self) -> Path:
        return self.folder / "ended.json"

    @property
    def meta(self) -> dict[str, Any]:
        return read_object(self.folder / "meta.json") or {}

    @property
    def name(self) -> str:
        said = self.meta.get("name")
        return said if isinstance(said, str) and said else self.id

    @property
    def most_bytes(self) -> int | None:
        """How much its home may hold for another trial to begin, where that is bounded."""
        known = self.meta.get("most_bytes")
        return known if isinstance(known, int) else None

    @property
    def about_runs(self) -> dict[str, Any]:
        """What every trial's run is annotated with, as `Run.annotate` takes it."""
        known = self.meta.get("about_runs")
        return known if isinstance(known, dict) else {}

    def read(self) -> tuple[Space, SweepOptions]:
        """What varies, and how it is searched."""
        return read_sweep(self.config_file.read_text(encoding="utf-8"))

    # --- what is true of it -------------------------------------------------------------------

    @property
    def status(self) -> SweepStatus:
        if self.ended_file.exists():
            return "ended"
        driver = self.driver
        return "running" if driver is not None and driver.is_alive else "interrupted"

    @property
    def why_ended(self) -> str:
        """In a sentence; "" before its end."""
        return unpacked((read_object(self.ended_file) or {}).get("why", ""))

    @property
    def driver(self) -> Identity | None:
        known = read_object(self.driver_file)
        try:
            return Identity.from_dict(known) if known else None
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    @property
    def is_told_to_stop(self) -> bool:
        return (read_object(self.control_file) or {}).get("command") == "stop"

    def stop(self) -> None:
        """Ask the driver to stop: what trains is stopped, and its best model kept."""
        clear_place(self.control_file)
        replace_json(self.control_file, {"command": "stop"})

    @property
    def can_go_on(self) -> bool:
        """Whether nobody works on it, and trials may be left: its driver was killed, or it was stopped."""
        return self.status == "interrupted" or (self.status == "ended" and self.is_told_to_stop)

    def take_back_stop(self) -> None:
        """Forget that it was stopped; the next driver goes on."""
        for file in (self.control_file, self.ended_file):
            file.unlink(missing_ok=True)

    def importance(self) -> dict[str, float]:
        """How much of the differences each setting explains, of 1 together; empty where that is not known yet."""
        known = read_object(self.importance_file) or {}
        return {name: float(share) for name, share in known.items() if isinstance(share, int | float)}

    # --- its trials ---------------------------------------------------------------------------

    def trials(self) -> list[TrialRecord]:
        """In their order, see `TrialLog`."""
        return TrialLog(self.trials_file).read()

    def tell(self, number: int, **facts: Any) -> None:
        """Only the driver calls this. A line that a crash cut off is ended first."""
        line = json.dumps({"trial": number, **facts}, ensure_ascii=False)
        with self.trials_file.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(line.encode() + b"\n")


@dataclass(frozen=True)
class Sweeps:
    """All sweeps of one home."""

    home: Home

    def create(self, text: str, name: str, draft: str = "", most_bytes: int | None = None, **about_runs: Any) -> Sweep:
        """A new folder with its sweep.yaml; no driver works on it yet. draft: the id of the choices that it came from.
        most_bytes: what the home may hold. about_runs: what its runs are annotated with."""
        sweep = Sweep(self.home.sweeps / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        sweep.folder.mkdir(parents=True)
        meta = {
            "name": name,
            "created": time.time(),
            "draft": draft,
            "most_bytes": most_bytes,
            "about_runs": about_runs,
        }
        try:
            replace_json(sweep.folder / "meta.json", meta)
            replace_text(sweep.config_file, text)
        except OSError:
            shutil.rmtree(sweep.folder, ignore_errors=True)
            raise
        return sweep

    def __iter__(self) -> Iterator[Sweep]:
        """Newest first."""
        folders = self.home.sweeps.iterdir() if self.home.sweeps.is_dir() else ()
        names = sorted((folder.name for folder in folders if ID_PATTERN.fullmatch(folder.name)), reverse=True)
        return (sweep for name in names if (sweep := Sweep(self.home.sweeps / name)).exists)

    def find(self, sweep_id: str) -> Sweep | None:
        """By its id, which may come from a browser and is never taken for a path."""
        sweep = Sweep(self.home.sweeps / sweep_id)
        return sweep if ID_PATTERN.fullmatch(sweep_id) is not None and sweep.exists else None

    def get(self, sweep_id: str) -> Sweep:
        sweep = self.find(sweep_id)
        if sweep is not None:
            return sweep
        raise StudioError(
            _("There is no sweep '{sweep}'.", sweep=sweep_id),
            _("Looked in {folder}.", folder=self.home.sweeps),
            _("See the ids with `studio sweeps`."),
        )


def read_sweep(text: str) -> tuple[Space, SweepOptions]:
    """What varies in a run file, and how it is searched. Raises StudioError."""
    values = settings_in(text)
    options = values.get(SECTION) or {}
    if not isinstance(options, dict):
        raise StudioError(
            _("The sweep cannot begin."),
            _("'{section}' is a section of settings.", section=SECTION),
            _("Write it as {example}.", example="sweep: {method: tpe, trials: 20}"),
        )
    space, chosen = space_of(values), SweepOptions.read(options, within=SECTION)
    if (chosen.method == AUTO) != (space.auto is not None):
        raise StudioError(
            _("The sweep cannot begin."),
            _("The method '{method}' and a section of that name belong together.", method=AUTO),
            _("Begin it with `studio auto RUN.yaml`."),
        )
    if chosen.method == "grid":
        space.check_grid()
    return space, chosen
