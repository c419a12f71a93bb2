"""Sweeps on disk: one folder each, and what is true of it.

SWEEP_DIR/ sweep.yaml     the run file with its ranges and choices (written once)
           meta.json      name, created
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
import logging
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from studio.config import settings_in
from studio.errors import StudioError
from studio.files import clear_place, read_object, replace_json, replace_text
from studio.language import _, unpacked
from studio.paths import Home
from studio.processes import Identity
from studio.sweeps.options import SweepOptions
from studio.sweeps.space import SECTION, Parameters, Space, space_of

logger = logging.getLogger(__name__)
ID_PATTERN = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
TrialEnd = Literal["completed", "pruned", "failed"]
SweepStatus = Literal["running", "interrupted", "ended"]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


# what a line of trials.jsonl may say, beside its reason and its checks
FACTS: dict[str, Callable[[Any], bool]] = {
    "run": lambda value: isinstance(value, str) and (not value or ID_PATTERN.fullmatch(value) is not None),
    "parameters": lambda value: isinstance(value, dict),
    "end": lambda value: isinstance(value, str) and value in get_args(TrialEnd),
    "value": _is_finite,
    "seconds": lambda value: _is_finite(value) and value >= 0,
    "state": lambda value: isinstance(value, dict) and all(map(_is_finite, value.values())),
}


@dataclass(frozen=True)
class TrialRecord:
    """One trial, as trials.jsonl says. run: the id of its run; "" where its settings do not fit together.

    value: the best value of the headline metric on the validation split; None before the end, and without a check.
    checks: number of the check, from 1 -> value. seconds: that its workers took. reason: why it failed, a sentence.
    state: what the method remembers of it.
    """

    number: int
    run: str
    parameters: Parameters
    end: TrialEnd | None = None
    value: float | None = None
    checks: Mapping[int, float] = field(default_factory=dict)
    seconds: float = 0.0
    reason: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


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
    def name(self) -> str:
        said = (read_object(self.folder / "meta.json") or {}).get("name")
        return said if isinstance(said, str) and said else self.id

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

    def importance(self) -> dict[str, float]:
        """How much of the differences each setting explains, of 1 together; empty where that is not known yet."""
        known = read_object(self.importance_file) or {}
        return {name: float(share) for name, share in known.items() if isinstance(share, int | float)}

    # --- its trials ---------------------------------------------------------------------------

    def trials(self) -> list[TrialRecord]:
        """In their order. What a crash has cut off is passed over, and what is damaged counts as not said."""
        found: dict[int, dict[str, Any]] = {}
        for line in self._lines():
            found.setdefault(line["trial"], {}).update(_facts(line))
        return [
            TrialRecord(**{"number": number, "run": "", "parameters": {}, **found[number]}) for number in sorted(found)
        ]

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.trials_file.is_file():
            return
        for line in self.trials_file.read_bytes().split(b"\n"):
            try:
                read = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(read, dict) and type(read.get("trial")) is int and read["trial"] >= 0:
                yield read

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

    def create(self, text: str, name: str) -> Sweep:
        """A new folder with its sweep.yaml; no driver works on it yet."""
        sweep = Sweep(self.home.sweeps / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}")
        sweep.folder.mkdir(parents=True)
        replace_json(sweep.folder / "meta.json", {"name": name, "created": time.time()})
        replace_text(sweep.config_file, text)
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


def _facts(line: Mapping[str, Any]) -> dict[str, Any]:
    """What a line of trials.jsonl says of its trial, as far as it can be."""
    facts = {name: line[name] for name, can_be in FACTS.items() if name in line and can_be(line[name])}
    try:
        if "reason" in line:
            facts["reason"] = unpacked(line["reason"])
        if isinstance(line.get("checks"), dict):
            facts["checks"] = {int(check): value for check, value in line["checks"].items() if _is_finite(value)}
    except ValueError:
        logger.warning("A line of a sweep's trials is damaged: %.200s", line)
    return facts


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
    if chosen.method == "grid":
        space.check_grid()
    return space, chosen
