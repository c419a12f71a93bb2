"""`studio predict` and `studio export`: use a finished run."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import Progress, print_json, print_line
from studio.data.fields import FIELDS
from studio.errors import StudioError
from studio.store import Run, Store

if TYPE_CHECKING:
    from studio.predictor import Predictor
    from studio.tasks.base import Task

FILES_OF_INPUTS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".xlsx", ".zip")


def add_to(subparsers: Any) -> None:
    predict = subparsers.add_parser("predict", help="ask a finished run")
    predict.add_argument("run", metavar="RUN", help="a run's id or folder")
    predict.add_argument("input", metavar="INPUT", nargs="?", help="a text, an image, or a file with many of them")
    predict.add_argument(
        "--input",
        dest="inputs",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one of several inputs, by the name of its column; once for each",
    )
    predict.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the answer, such as beams=4; once for each (of a single input)",
    )
    predict.add_argument(
        "--test",
        action="store_true",
        help="the run's own test rows, with the right answers, as it answered when trained",
    )
    predict.add_argument("--output", type=Path, help="write the answers to this CSV file (for many inputs)")
    predict.set_defaults(handler=run_predict)
    export = subparsers.add_parser("export", help="write a finished run's model into a folder")
    export.add_argument("run", metavar="RUN", help="a run's id or folder")
    export.add_argument("--format", required=True, metavar="NAME", help="see `studio list exporters`")
    export.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder to write into")
    export.set_defaults(handler=run_export)
    for parser in (predict, export):
        add_shared_flags(parser)


def run_predict(arguments: argparse.Namespace) -> int:
    from studio.predictor import Predictor

    run = _finished(arguments)
    if arguments.test:
        return _write_test_rows(run, arguments)
    source = Path(arguments.input or "")
    predictor = Predictor()
    try:
        if source.suffix.lower() in FILES_OF_INPUTS and _is_file(source):
            return _predict_file(run, source, arguments, predictor)
        return _predict_one(run, arguments, predictor)
    finally:
        predictor.close()


def _is_file(path: Path) -> bool:
    """Also of a text that is no path, for being too long."""
    try:
        return path.is_file()
    except OSError:
        return False


def _predict_one(run: Run, arguments: argparse.Namespace, predictor: "Predictor") -> int:
    from studio.config import RunConfig

    task = RunConfig.from_file(run.config_file).chosen_task
    row = given_row(task, arguments.input, arguments.inputs)
    if arguments.output:
        raise StudioError(
            "--output is for a file of inputs.", "A single answer is printed.", "Leave --output out, or give a file."
        )
    predictor.warm_up()  # it imports while the words for its answer are imported here
    from studio.app.answers import ANSWERS

    (answer,) = predictor.predict(run, [row], options=said_settings(arguments.settings))
    if arguments.json:
        print_json({"run": run.id, **answer.as_dict()})
    else:
        for line in ANSWERS[task.answer_kind].lines(answer):
            print_line(line)
    return 0


def given_row(task: "Task", alone: str | None, named: list[str]) -> dict[str, str]:
    """The cells of one row. alone: the value of the first input. named: NAME=VALUE each. Raises StudioError."""
    known = {column.name: column for column in task.inputs}
    given = {} if alone is None else {task.inputs[0].name: alone}
    for entry in named:
        name, equals, value = entry.partition("=")
        if not equals or name not in known:
            raise StudioError(
                f"'{entry}' is no input of this run.",
                f"It is written NAME=VALUE, with one of the names {', '.join(known)}.",
                f"For example: --input {task.inputs[0].name}=...",
            )
        given[name] = value
    missing = [column for column in task.inputs if column.required and not given.get(column.name, "").strip()]
    if missing:
        raise StudioError(
            f"Nothing was given for '{missing[0].name}'.",
            FIELDS[missing[0].kind].missing,
            f"Give it as --input {missing[0].name}=... or, where it is the only input, as it is.",
        )
    for name, value in given.items():
        if known[name].kind == "text" and not _is_unicode(value):
            raise StudioError(
                f"The text for '{name}' cannot be read.",
                "Some of its bytes are no UTF-8.",
                "Give it in UTF-8, or write it into a file and give that.",
            )
    return {name: FIELDS[known[name].kind].typed(value) for name, value in given.items()}


def said_settings(entries: list[str]) -> dict[str, Any]:
    """NAME=VALUE each, the values as in a run file. Raises StudioError."""
    import yaml

    settings = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise StudioError(f"'{entry}' is no setting.", "It is written NAME=VALUE.", "For example: --set beams=4")
        settings[name] = yaml.safe_load(value)
    return settings


def _is_unicode(text: str) -> bool:
    """Not so of bytes on the command line that are in another encoding: Python keeps them as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _predict_file(run: Run, source: Path, arguments: argparse.Namespace, predictor: "Predictor") -> int:
    from studio.app.prediction_files import predict_into

    return _write_file(
        run,
        arguments,
        lambda target: ((step.done, step.total) for step in predict_into(predictor, run, source.resolve(), target)),
    )


def _write_test_rows(run: Run, arguments: argparse.Namespace) -> int:
    if arguments.input or arguments.inputs or arguments.settings:
        raise StudioError(
            "--test is about the run's own test rows.", "Nothing else is asked about with it.", "Leave the input out."
        )
    from studio.app.evaluation_file import write_evaluation

    return _write_file(run, arguments, lambda target: write_evaluation(run, target))


def _write_file(run: Run, arguments: argparse.Namespace, write: Callable[[Path], Iterable[tuple[int, int]]]) -> int:
    """The CSV file goes where --output says, or else to stdout. write: yields how far it is."""
    progress = Progress()
    with tempfile.TemporaryDirectory() as folder:
        target = arguments.output.resolve() if arguments.output else Path(folder) / "predictions.csv"
        for done, rows in write(target):
            if rows:
                progress.update(f"{done} of {rows}")
        progress.clear()
        if arguments.json:
            print_json({"run": run.id, "output": str(target) if arguments.output else None})
        if not arguments.output and not arguments.json:
            sys.stdout.write(target.read_text(encoding="utf-8-sig"))
        elif arguments.output and not arguments.json:
            print(target)
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    from studio.exporters import EXPORTERS
    from studio.predictor import Predictor, result_of

    exporter = EXPORTERS[arguments.format]
    run = _finished(arguments)
    reason = exporter.why_not(run)
    if reason:
        raise StudioError(
            f"The run {run.id} cannot be exported as '{exporter.name}'.", reason, "Choose another format."
        )
    if arguments.to.is_dir() and any(arguments.to.iterdir()):
        raise StudioError(
            f"The folder {arguments.to} is not empty.",
            "What lies in it would be overwritten, or mixed with the model.",
            "Name another folder, or empty this one.",
        )
    predictor = Predictor()
    try:
        written = result_of(predictor.export(run, exporter.name, str(arguments.to.resolve())))
    finally:
        predictor.close()
    if arguments.json:
        print_json({"run": run.id, "format": exporter.name, "path": written})
    else:
        print(written)
    return 0


def _finished(arguments: argparse.Namespace) -> Run:
    run = Store(chosen_home(arguments)).get(arguments.run)
    state = run.state()
    if not state.has_model:
        raise StudioError(
            f"The run {run.id} has no model yet.", f"It is {state.status}.", "Wait until it has finished, or resume it."
        )
    return run
