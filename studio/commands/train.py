"""`studio train`, `resume`, `pause`, `stop`: run files in, runs out, by the same worker that the page starts."""

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from studio.commands.checking import read_source, told_doubts, told_unseen, unseen
from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.following import CTRL_C_HELP, count_interrupts, follow
from studio.commands.output import Progress, print_json
from studio.config import RunConfig, read_run_file
from studio.errors import StudioError
from studio.events import ACTIVE, RESUMABLE
from studio.forecast import example_length, forecast
from studio.forked import engine_command
from studio.hardware import probe
from studio.model_reader import read_architecture
from studio.models.local import find
from studio.pace import expected
from studio.paths import HOME_VARIABLE, Home
from studio.preflight import read_checked
from studio.processes import TRUST_VARIABLE, Identity, start_detached
from studio.run_summary import logged_state
from studio.store import Run, Store
from studio.sweeps.candidates import Subject
from studio.tags import tidy_tags
from studio.tasks.results import stored_scores, worth
from studio.yaml_text import parsed

if TYPE_CHECKING:
    from studio.data.assembly import Assembled


def add_to(subparsers: Any) -> None:
    train = subparsers.add_parser("train", help="train what a run file says", epilog=CTRL_C_HELP)
    train.add_argument("run_file", metavar="RUN.yaml", type=Path)
    train.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting of the run file, such as training.epochs=5; may be given several times",
    )
    train.add_argument(
        "--name", help="what to call the run; otherwise the name of the run file, or of the folder of a run.yaml"
    )
    train.add_argument("--tag", dest="tags", action="append", default=[], help="a tag of the run; may be given often")
    train.add_argument("--notes", default="", help="what to write down about the run")
    train.set_defaults(handler=run_train)
    for name, words, handler, more in (
        ("resume", "go on with a paused, interrupted or failed run", run_resume, CTRL_C_HELP),
        ("pause", "let a run save everything and end, to be resumed", run_pause, None),
        ("stop", "end a run and keep its best model", run_stop, None),
    ):
        parser = subparsers.add_parser(name, help=words, epilog=more)
        parser.add_argument("run", metavar="RUN", help="a run's id or folder")
        parser.set_defaults(handler=handler)
    for parser in (train, *(subparsers.choices[name] for name in ("resume", "pause", "stop"))):
        add_shared_flags(parser)
    for parser in (train, subparsers.choices["resume"]):
        parser.add_argument(
            "--trust-remote-code", action="store_true", help="let the model run Python code from its repository"
        )


def run_train(arguments: argparse.Namespace) -> int:
    home = chosen_home(arguments)
    changes = dict(_parse_change(change) for change in arguments.changes)
    path: Path = arguments.run_file
    text = with_changes(read_run_file(path), changes)
    config = read_checked(text, path.resolve().parent, home, arguments.trust_remote_code)
    progress = Progress()
    imported, assembled, doubts = read_source(config.data, config.task, home, progress)
    found = unseen(assembled, config, home, progress, arguments.trust_remote_code)
    for line in (*told_doubts(doubts), *told_unseen(found)):
        progress.line(line)
    if assembled.dropped:
        used = f"{len(assembled.table):,} of {imported.rows:,} rows"
        progress.line(f"{used} can be used; `studio check {path}` says what is wrong with the others.")
    run = Store(home).create(config.to_text(), arguments.name or name_of(path))
    run.annotate(expected=expected_time(config, assembled, home, arguments.trust_remote_code))
    if arguments.tags or arguments.notes:
        run.annotate(tags=list(tidy_tags(arguments.tags)), notes=arguments.notes.strip())
    return _work_on(
        run,
        home,
        arguments,
        {"doubts": [asdict(each) for each in doubts], "unseen": [each.as_dict() for each in found]},
    )


def expected_time(
    config: RunConfig, assembled: "Assembled", home: Home, trust_remote_code: bool
) -> dict[str, float | str] | None:
    """How long the run should take, for later estimates to learn from; None where its model is not on this machine."""
    about, machine = subject(config, assembled, home, trust_remote_code), probe()
    if about is None:
        return None
    plan = forecast(config, about.structure, about.shapes, about.rows, about.length, machine, home)
    return expected(plan, machine)


def subject(config: RunConfig, assembled: "Assembled", home: Home, trust_remote_code: bool) -> Subject | None:
    """What is to be trained on what; None where the model is not on this machine."""
    info = find(config.model.id, config.model.revision, home, trust_remote_code)
    if info is None:
        return None
    task, options = config.chosen_task, config.task_options
    read = read_architecture(info, task, options, home, trust_remote_code=trust_remote_code)  # the checks have read it
    shapes = read.with_labels(int(task.configure(assembled.table, options).get("num_labels", read.labels)))
    length = example_length(task, options, assembled.table, info)
    classed = "classes" in task.traits
    classes = {name: counts.get("train", 0) for name, counts in assembled.counts.items()} if classed else {}
    return Subject(shapes.structure, shapes.config, assembled.rows, length, classes)


def name_of(run_file: Path) -> str:
    """What the run is called: after its file, or after the folder of one that is called as all are."""
    return run_file.stem if run_file.name != "run.yaml" else run_file.resolve().parent.name


def run_resume(arguments: argparse.Namespace) -> int:
    home = chosen_home(arguments)
    run = Store(home).get(arguments.run)
    status = run.state().status
    if status not in RESUMABLE:
        raise StudioError(
            f"The run {run.id} cannot be resumed.",
            f"It is {status}.",
            f"Only runs that are {', '.join(sorted(RESUMABLE))} can.",
        )
    run.clear_command()
    return _work_on(run, home, arguments)


def run_pause(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "pause")


def run_stop(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "stop")


def with_changes(text: str, changes: dict[str, Any]) -> str:
    """The run file with dotted keys set to other values. Keys that nobody knows are refused when it is read."""
    if not changes:
        return text
    try:
        values = parsed(text)
    except yaml.YAMLError:
        return text  # reading it will say what is wrong
    if not isinstance(values, dict):
        return text
    for key, value in changes.items():
        *parents, last = key.split(".")
        place = values
        for parent in parents:
            inner = place.get(parent)
            place[parent] = place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _parse_change(change: str) -> tuple[str, Any]:
    key, equals, value = change.partition("=")
    try:
        if equals and key:
            return key.strip(), parsed(value)
    except yaml.YAMLError:
        return key.strip(), value
    raise StudioError(
        f"'{change}' changes no setting.", "It is written KEY=VALUE.", "For example: --set training.epochs=5"
    )


def _work_on(run: Run, home: Home, arguments: argparse.Namespace, known: dict[str, Any] | None = None) -> int:
    """Start a worker for `run` and follow it to its end. The exit code: 0, 2 explained failure, 1 lost worker.

    known: what the JSON says besides.
    """
    environment = {HOME_VARIABLE: str(home.root)}
    if arguments.trust_remote_code:
        environment[TRUST_VARIABLE] = "1"
    progress = Progress()
    with count_interrupts() as interrupts:
        process = start_detached(engine_command("studio.engine.worker", str(run.folder)), run.worker_log, environment)
        run.set_worker(Identity.of(process.pid))
        progress.line(f"Run {run.id} in {run.folder}")
        state = follow(run, progress, process, interrupts)
    error = state.failure
    if state.status == "interrupted":
        error = StudioError(
            "The training process ended without a word.",
            f"Its last lines are in {run.worker_log}; the machine may be out of memory.",
            f"Go on with `studio resume {run.id}`.",
        ).explanation
    scores = stored_scores(run) if state.has_model else {}
    for sentence in worth(scores):
        progress.line(sentence)
    if arguments.json:
        result: dict[str, Any] = {"run": run.id, "dir": str(run.folder), "status": state.status}
        result["metrics"] = {
            "validation": state.best.metrics if state.best else {},
            "test": state.test.metrics if state.test else {},
        }
        for more in ("intervals", "remarks"):
            result[more] = {split: found[more] for split, found in scores.items() if more in found}
        result |= {"seconds": round(state.seconds, 1), "model": str(run.model) if state.has_model else None}
        if state.finished:
            result |= {"reason": state.finished.reason, "best_step": state.finished.best_step}
        if error:
            result["error"] = vars(error)
        print_json(result | (known or {}))
    elif error:
        progress.line(f"{error.what}\n{error.why}\n{error.what_to_do}".strip())
    return {"failed": 2, "interrupted": 1}.get(state.status, 0)


def _ask(arguments: argparse.Namespace, command: Any) -> int:
    run = Store(chosen_home(arguments)).get(arguments.run)
    read_log = logged_state(run)
    status = run.state(read_log).status
    if status == "queued" and command == "stop":
        run.dequeue()
    elif status not in ACTIVE:
        raise StudioError(
            f"The run {run.id} is not training.", f"It is {status}.", "See what is at work with `studio runs`."
        )
    else:
        run.command(command)
        while run.state(read_log).status in ACTIVE:
            time.sleep(0.2)
    ended = {"run": run.id, "dir": str(run.folder), "status": run.state(read_log).status}
    if arguments.json:
        print_json(ended)
    else:
        print(f"Run {run.id} is {ended['status']}.")
    return 0
