"""`studio sweep` and `studio sweeps`: a run file whose settings vary in, its trials and the best of them out."""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.following import count_interrupts
from studio.commands.output import Progress, print_json, print_table
from studio.commands.train import name_of
from studio.config import path_beside, read_run_file
from studio.errors import StudioError
from studio.metrics import metric_named
from studio.preflight import check
from studio.processes import TRUST_VARIABLE
from studio.sweeps.choosing import best_of
from studio.sweeps.driver import start_driver
from studio.sweeps.folder import Sweep, Sweeps, read_sweep
from studio.sweeps.space import SECTION
from studio.sweeps.standing import metric_of
from studio.sweeps.trials import TrialRecord
from studio.yaml_text import parsed

SECONDS_BETWEEN_LOOKS = 0.3
LONGEST_LINE = 2_000  # bytes
ENDED, NOTHING_LEARNED, LOST = 0, 2, 1
EXAMPLE = """\
Settings that vary are written as {low: 1, high: 5} (with log: true, or a step) or {choices: [a, b]}; the section
`sweep` of the run file says how to search: {method: tpe, trials: 20, minutes: 30, pruning: median}. The sweep goes on
in a process of its own, also when this command is killed; Ctrl-C stops it, and a second Ctrl-C leaves it running.
"""


def add_to(subparsers: Any) -> None:
    sweep = subparsers.add_parser("sweep", help="search for the best settings of a run file", epilog=EXAMPLE)
    sweep.add_argument("run_file", metavar="RUN.yaml|SWEEP", help="a run file to begin with, or a sweep to go on with")
    sweep.add_argument("--name", help="what to call the sweep; otherwise the name of the run file")
    sweep.add_argument("--method", help="how to search: grid, random, tpe, gp, cma-es")
    sweep.add_argument("--trials", type=int, help="how many runs at most")
    sweep.add_argument("--minutes", type=float, help="how long to train at most")
    sweep.add_argument("--trust-remote-code", action="store_true", help="let the model run Python code of its own")
    add_shared_flags(sweep)
    sweep.set_defaults(handler=run_sweep)
    sweeps = subparsers.add_parser("sweeps", help="list the sweeps")
    add_shared_flags(sweeps)
    sweeps.set_defaults(handler=run_sweeps)


def run_sweep(arguments: argparse.Namespace) -> int:
    home = chosen_home(arguments)
    sweeps, path = Sweeps(home), Path(arguments.run_file)
    sweep = None if path.is_file() else sweeps.get(arguments.run_file)
    if sweep is None:
        flags = {name: getattr(arguments, name) for name in ("method", "trials", "minutes")}
        text = whole_text(read_run_file(path), path.resolve().parent, flags)
        space, _options = read_sweep(text)
        check(space.config(space.first()), home, arguments.trust_remote_code)
        sweep = sweeps.create(text, arguments.name or name_of(path))
    if sweep.status == "interrupted":
        start_driver(sweep, {TRUST_VARIABLE: "1"} if arguments.trust_remote_code else {})
    return follow_sweep(sweep, arguments.json)


def whole_text(text: str, folder: Path, flags: Mapping[str, Any]) -> str:
    """The run file with the flags in its section `sweep`, and with paths that do not depend on where it lies."""
    try:
        values = parsed(text)
    except yaml.YAMLError:
        return text  # reading it says what is wrong
    if not isinstance(values, dict):
        return text
    given = {name: value for name, value in flags.items() if value is not None}
    section = values.get(SECTION) or {}
    if given and isinstance(section, dict):
        values[SECTION] = {**section, **given}
    for name, keys in (("data", ("source", "files")), ("model", ("id",))):
        part = values.get(name)
        for key in keys:
            if isinstance(part, dict) and isinstance(part.get(key), str):
                part[key] = path_beside(folder, part[key])
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def follow_sweep(sweep: Sweep, as_json: bool) -> int:
    """Print how each trial ended, until there are no more."""
    progress, told, asked = Progress(), set[int](), False
    progress.line(f"Sweep {sweep.id} in {sweep.folder}")
    with count_interrupts() as interrupts:
        while True:
            status = sweep.status  # looked at first: what the driver wrote last is read below
            trials = sweep.trials()
            for trial in trials:
                if trial.end is not None and trial.number not in told:
                    told.add(trial.number)
                    progress.line(_line(sweep, trial))
            at_work = sum(trial.end is None for trial in trials)
            progress.update(f"{len(trials) - at_work} trials ended, {at_work} at work")
            if status != "running":
                break
            if interrupts.presses and not asked:
                asked = True
                sweep.stop()
                progress.line("Stopping. (Ctrl-C again leaves it running.)")
            if interrupts.presses > 1:
                progress.line(f"Left alone; it goes on. Come back with `studio sweep {sweep.id}`.")
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
    progress.clear()
    return _tell_end(sweep, as_json, progress)


def _tell_end(sweep: Sweep, as_json: bool, progress: Progress) -> int:
    kept, status = best_of(sweep), sweep.status
    if status == "interrupted":
        progress.line(f"The sweep's process ended early; its last lines are in {sweep.driver_log}.")
        if said := last_line(sweep.driver_log):
            progress.line(said)
        progress.line(f"Go on with `studio sweep {sweep.id}`.")
    elif why := sweep.why_ended:
        progress.line(why)
    if kept is not None:
        progress.line(f"Best: {_line(sweep, kept.trial)}")
        if kept.why:
            progress.line(kept.why)
    if as_json:
        print_json(describe(sweep))
    if status == "interrupted":
        return LOST
    return ENDED if kept is not None else NOTHING_LEARNED


def last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LONGEST_LINE))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")


def describe(sweep: Sweep) -> dict[str, Any]:
    """As `studio sweep --json` prints it."""
    kept = best_of(sweep)
    trials = [
        {key: value for key, value in vars(trial).items() if key != "state"} | {"parameters": dict(trial.parameters)}
        for trial in sweep.trials()
    ]
    return {
        "sweep": sweep.id,
        "name": sweep.name,
        "dir": str(sweep.folder),
        "status": sweep.status,
        "why": str(sweep.why_ended),
        "metric": metric_of(sweep).name,
        "best": kept.trial.number if kept else None,
        "why_best": kept.why if kept else "",
        "importance": sweep.importance(),
        "trials": trials,
    }


def run_sweeps(arguments: argparse.Namespace) -> int:
    found = [_described(sweep) for sweep in Sweeps(chosen_home(arguments))]
    if arguments.json:
        print_json(found)
        return 0
    rows = []
    for each in found:
        value = {trial["number"]: trial["value"] for trial in each["trials"]}.get(each["best"])
        score = metric_named(each["metric"]).text(value) if value is not None else ""
        rows.append([each["sweep"], each["status"], str(len(each["trials"])), score, each["name"]])
    print_table(("SWEEP", "STATUS", "TRIALS", "BEST", "NAME"), rows)
    return 0


def _described(sweep: Sweep) -> dict[str, Any]:
    """One that is damaged does not hide the others."""
    try:
        return describe(sweep)
    except StudioError as error:
        known = {"sweep": sweep.id, "name": sweep.name, "dir": str(sweep.folder), "status": "damaged"}
        return {**known, "why": str(error), "best": None, "trials": []}


def _line(sweep: Sweep, trial: TrialRecord) -> str:
    settings = "  ".join(f"{name}={_short(value)}" for name, value in trial.parameters.items())
    if trial.value is None:
        return f"trial {trial.number + 1}: {trial.end}  {settings}  {trial.reason}"
    metric = metric_of(sweep)
    pruned = "  (ended early)" if trial.end == "pruned" else ""
    return f"trial {trial.number + 1}: {metric.name} {metric.text(trial.value)}  {settings}  {trial.run}{pruned}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{_short(each)}" for key, each in value.items())
    return str(value)
