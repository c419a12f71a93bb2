"""`studio check`: what is wrong with a file of data, row by row, before anything is trained on it."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import Progress, print_json, print_line, print_table
from studio.data.options import DataOptions
from studio.errors import StudioError
from studio.jobs import Job
from studio.paths import Home

if TYPE_CHECKING:
    from studio.config import RunConfig
    from studio.data.assembly import Assembled
    from studio.data.guesses import Guess
    from studio.data.importing import Imported
    from studio.token_findings import Finding

ROWS_SHOWN = 50
RUN_FILES = (".yaml", ".yml")
SENTENCE_ENDS = (".", "?", "!")


def add_to(subparsers: Any) -> None:
    parser = subparsers.add_parser("check", help="look for problems in data")
    parser.add_argument("data", metavar="DATA", help="a file, hub:owner/name, sample/NAME, or a run file (.yaml)")
    parser.add_argument("--task", metavar="NAME", help="see `studio list tasks`; a run file says it itself")
    parser.add_argument(
        "--column",
        dest="columns",
        action="append",
        default=[],
        metavar="ROLE=NAME",
        help="which column plays which role, such as label=category; guessed where not given",
    )
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="how to read the file, such as encoding=cp1251 or header=false; guessed where not given",
    )
    parser.add_argument(
        "--files", metavar="DIR", help="the folder of the images that a table names, if not the table's own"
    )
    add_shared_flags(parser)
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    columns = dict(_parse_pair(column, "ROLE=NAME", "--column label=category") for column in arguments.columns)
    reading = dict(_parse_pair(each, "SETTING=VALUE", "--reading encoding=cp1251") for each in arguments.reading)
    progress = Progress()
    task_name, config, given = what_to_check(arguments)
    options = DataOptions.read(
        {
            **given,
            "files": arguments.files or given.get("files"),
            "columns": {**given.get("columns", {}), **columns},
            "reading": {**given.get("reading", {}), **reading},
        },
        "data settings",
    )
    require_task(task_name)
    imported, assembled, doubts = read_source(options, task_name, chosen_home(arguments), progress)
    report = describe(imported, assembled, task_name, doubts)
    found = unseen(assembled, config, chosen_home(arguments), progress)
    report["unseen"] = [each.as_dict() for each in found]
    if arguments.json:
        print_json(report)
    else:
        print_report(report, doubts, found)
    return 0


def what_to_check(arguments: argparse.Namespace) -> "tuple[str, RunConfig | None, dict[str, Any]]":
    """The task, the run file if it is one, and the data settings before the command line's own."""
    if Path(arguments.data).suffix.lower() in RUN_FILES:
        from studio.config import RunConfig

        config = RunConfig.from_file(Path(arguments.data))
        return arguments.task or config.task, config, config.data.model_dump()
    if not arguments.task:
        raise StudioError(
            "It is not said what the data is for.",
            "What is wrong with a row depends on the task.",
            "Add --task NAME; `studio list tasks` names them.",
        )
    return arguments.task, None, {"source": arguments.data}


def require_task(name: str) -> None:
    """Raises StudioError before anything is read for a task that is not there."""
    from studio.tasks import TASKS

    TASKS[name]


def read_source(
    options: DataOptions, task_name: str, home: Home, progress: Progress
) -> "tuple[Imported, Assembled, list[Guess]]":
    """Read the data in a process of its own, then choose its rows as a run would; the last are the doubts.

    Raises StudioError, after the doubts were told.
    """
    from studio.data.assembly import assemble
    from studio.data.doubts import doubts
    from studio.tasks import TASKS

    task = TASKS[task_name]
    imported = import_data(options, home, progress)
    found = doubts(imported, options, task.columns)
    try:
        return imported, assemble(imported, options, task.columns, task.check), found
    except StudioError:
        for line in told_doubts(found):  # often the reason
            progress.line(line)
        raise


def import_data(options: DataOptions, home: Home, progress: Progress) -> "Imported":
    """Read the data in a process of its own."""
    from studio.data.importing import Imported

    source = options.source if ":" in options.source or options.source.startswith("sample/") else _path(options.source)
    request = {
        "op": "import",
        "source": source,
        "files": _path(options.files) if options.files else None,
        "reading": options.reading.model_dump(),
        "home": str(home.root),
    }
    job = Job("studio.data.process", request)
    for step in job:
        progress.update(f"{step.sentence} {step.done}/{step.total}" if step.total else step.sentence)
    progress.clear()
    imported = Imported.open(Path(job.result["folder"]))
    if imported is None:
        raise StudioError("The data was removed while it was read.", "", "Try again.")
    return imported


def unseen(
    assembled: "Assembled", config: "RunConfig | None", home: Home, progress: Progress, trust_remote_code: bool = False
) -> "list[Finding]":
    """What the run file's model does not see of the texts; nothing where it is not on this machine yet.

    No run depends on it, so what goes wrong is one of the findings.
    """
    from studio.models.local import find
    from studio.token_findings import Finding, find_unseen

    if config is None or config.chosen_task.model.processor != "tokenizer":
        return []
    progress.update("Looking at how the model reads the texts")
    try:
        info = find(config.model.id, config.model.revision, home, trust_remote_code)
        if info is None:
            return []
        return find_unseen(info, config.chosen_task, config.task_options, assembled.table, home, trust_remote_code)
    except StudioError as error:
        return [Finding.of(error)]
    finally:
        progress.clear()


def describe(
    imported: "Imported", assembled: "Assembled", task_name: str, found: "Sequence[Guess]" = ()
) -> dict[str, Any]:
    """What `studio check --json` prints. found: the doubts."""
    from studio.data.cleaning import CleaningOptions, available_fixes
    from studio.data.fields import FIELDS
    from studio.tasks import TASKS

    used = [column for column in TASKS[task_name].columns if column.name in assembled.columns]
    summaries = {column.name: FIELDS[column.kind].summary(assembled.table[column.name]) for column in used}
    offers = available_fixes(CleaningOptions(), assembled.problems, assembled.class_sizes)
    return {
        "title": imported.title,
        "format": imported.format,
        "rows": imported.rows,
        "used": len(assembled.table),
        "dropped": assembled.dropped,
        "columns": assembled.columns,
        "splits": assembled.rows,
        "classes": assembled.counts,
        "summaries": {name: words for name, words in summaries.items() if words},
        "doubts": [asdict(each) for each in found],
        "notes": assembled.notes,
        "problems": [asdict(problem) for problem in assembled.problems],
        "fixes": [asdict(each) for each in offers],
    }


def told_doubts(found: "Sequence[Guess]") -> list[str]:
    """What to look at first, and what to write into the run file where the guess is wrong."""
    lines = []
    for each in found:
        settings = " | ".join(", ".join(map(spelled, choice.settings.items())) for choice in each.choices)
        lines += [f"Is this right? {each.sentence}", f"  To settle it, write into the run file: {settings}"]
    return lines


def told_unseen(found: "Sequence[Finding]") -> list[str]:
    """What the model does not see of the texts, and what to write into the run file where that helps."""
    lines = []
    for each in found:
        settings = each.as_dict()["settings"].items()
        lines += [str(each), *(f"  In the run file: {spelled(setting)}" for setting in settings)]
    return lines


def spelled(setting: tuple[str, Any]) -> str:
    """As a run file has it."""
    path, value = setting
    return f"{path}: {json.dumps(value, ensure_ascii=False)}"


def print_report(report: dict[str, Any], doubts: "Sequence[Guess]", found: "Sequence[Finding]") -> None:
    for line in told_doubts(doubts):
        print_line(line)
    print_line(f"{report['rows']:,} rows read ({report['format']}), {report['used']:,} can be used.")
    print_line("Columns: " + ", ".join(f"{role} = {name}" for role, name in report["columns"].items()))
    print_line("Splits: " + ", ".join(f"{rows:,} {split}" for split, rows in report["splits"].items()))
    for name, words in report["summaries"].items():
        print_line(f"{name}: {words}")
    if report["classes"]:
        print_table(
            ("LABEL", "TRAIN", "VALIDATION", "TEST"),
            (
                (label, *(str(counts[part]) for part in ("train", "validation", "test")))
                for label, counts in report["classes"].items()
            ),
        )
    for note in report["notes"]:
        print_line(note)
    for line in told_unseen(found):
        print_line(line)
    problems = report["problems"]
    for problem in problems[:ROWS_SHOWN]:
        print_line(spoken(problem))
    if len(problems) > ROWS_SHOWN:
        print_line(f"... and {len(problems) - ROWS_SHOWN:,} more; --json lists them all.")
    if not problems and not doubts:
        print_line("No row has a problem.")
    if offers := [f"{each['title']} ({each['value']})" for each in report["fixes"]]:
        print_line(f"Can be fixed under data.cleaning of a run file: {', '.join(offers)}.")


def spoken(problem: dict[str, Any]) -> str:
    """A problem as one line: where, what, why, and what becomes of the row."""
    place, what, why = problem["row"], problem["what"], problem["why"]
    line = f"{what}{'' if what.endswith(SENTENCE_ENDS) else ':'} {why}" if why else what
    return f"row {place}: {line} ({'left out' if problem['drops'] else 'used'})" if place else line


def _path(source: str) -> str:
    """Absolute, because the process that reads it may run elsewhere."""
    return str(Path(source).expanduser().resolve())


def _parse_pair(pair: str, form: str, example: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not (name and equals and value):
        raise StudioError(f"'{pair}' cannot be read.", f"It is written {form}.", f"For example: {example}")
    return name, value
