"""`studio runs` and `studio list`: what there is."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import print_json, print_table
from studio.events import Status
from studio.metrics import metric_named
from studio.run_index import SORTS, Query, RunIndex
from studio.run_summary import RunSummary
from studio.store import Store

Row = dict[str, Any]


def add_to(subparsers: Any) -> None:
    runs = subparsers.add_parser("runs", help="list the runs")
    runs.add_argument(
        "search", nargs="*", metavar="WORD", help="only runs with all these words in name, tags, notes, data or choices"
    )
    runs.add_argument("--status", choices=get_args(Status), help="only runs of this status")
    runs.add_argument("--task", help="only runs of this task")
    runs.add_argument("--tag", help="only runs with this tag")
    runs.add_argument("--sort", choices=SORTS, help="by what to sort; the newest come first otherwise")
    runs.add_argument("--reverse", action="store_true", help="the other way round")
    add_shared_flags(runs)
    runs.set_defaults(handler=run_runs)
    listing = subparsers.add_parser("list", help="list what a run file can name")
    listing.add_argument("what", choices=sorted(LISTS))
    add_shared_flags(listing, home=False)
    listing.set_defaults(handler=run_list)


def run_runs(arguments: argparse.Namespace) -> int:
    store = Store(chosen_home(arguments))
    index = RunIndex(store)
    query = Query(
        search=" ".join(arguments.search),
        status=arguments.status or "",
        task=arguments.task or "",
        tag=arguments.tag or "",
        sort=arguments.sort or ("created" if arguments.reverse else ""),
        is_reversed=arguments.reverse,
    )
    summaries = list(index.all(query))
    best = index.best(summaries)
    rows = [describe_run(summary, store.home.runs / summary.id, summary.id in best) for summary in summaries]
    if arguments.json:
        print_json(rows)
        return 0
    cells = [
        [
            row["run"],
            "damaged" if row["damage"] else row["status"],
            row["task"],
            _score(row),
            f"{row['bytes'] / 1000**2:,.1f} MB",
            row["name"],
            ", ".join(row["tags"]),
        ]
        for row in rows
    ]
    print_table(("RUN", "STATUS", "TASK", "SCORE", "SIZE", "NAME", "TAGS"), cells)
    for row in rows:
        if row["damage"]:
            print(f"{row['run']}: {row['damage']}", file=sys.stderr)
    return 0


def describe_run(summary: RunSummary, folder: Path, is_best: bool) -> Row:
    """One run as `studio runs --json` prints it. A run file that this version cannot read leaves its fields empty.

    best: whether its check is the best of several runs with the same task and data.
    """
    choices, state = summary.choices, summary.state
    headline = state.plan.headline_metric if state.plan else ""
    scored = state.test or state.best
    return {
        "run": summary.id,
        "name": choices.name,
        "tags": list(choices.tags),
        "dir": str(folder),
        "status": state.status,
        "damage": summary.damage,
        "created": choices.created,
        "seconds": round(state.seconds, 1),
        "bytes": summary.bytes,
        "task": choices.task,
        "model": choices.model,
        "strategy": choices.strategy,
        "metric": headline,
        "score": scored.metrics.get(headline) if scored else None,
        "best": is_best,
    }


def run_list(arguments: argparse.Namespace) -> int:
    rows = LISTS[arguments.what]()
    if arguments.json:
        print_json(rows)
    else:
        print_table(
            ("NAME", "TITLE", ""), ([row["name"], row["title"], f"{_place(row)}{row['sentence']}"] for row in rows)
        )
    return 0


def _place(row: Row) -> str:
    """Whether a model is here already; nothing for what needs no download."""
    if "on_this_machine" not in row:
        return ""
    if row["on_this_machine"] or not row["download_bytes"]:
        return "[here] " if row["on_this_machine"] else "[not installed] "
    return f"[{row['download_bytes'] / 1000**2:,.0f} MB] "


def _named(entries: Any) -> list[Row]:
    return [{"name": entry.name, "title": entry.title, "sentence": entry.sentence} for entry in entries]


def _unless(row: Row, reason: str) -> Row:
    """An entry that may not be usable on this machine: the reason is in its sentence, and in a field."""
    sentence = f"{row['sentence']} Not on this machine: {reason}" if reason else row["sentence"]
    return {**row, "sentence": sentence, "why_not_here": reason}


def _tasks() -> list[Row]:
    from studio.tasks import TASKS

    return [{**row, "group": task.group} for row, task in zip(_named(TASKS), TASKS, strict=True)]


def _strategies() -> list[Row]:
    from studio.strategies import STRATEGIES

    return [_unless(row, STRATEGIES[row["name"]].why_not_here()) for row in _named(STRATEGIES)]


def _exporters() -> list[Row]:
    from studio.exporters import EXPORTERS

    return _named(EXPORTERS)


def _optimizers() -> list[Row]:
    from studio.training.optimizers import OPTIMIZERS

    return [_unless(row, OPTIMIZERS[row["name"]].why_not()) for row in _named(OPTIMIZERS)]


def _schedules() -> list[Row]:
    from studio.training.schedules import SCHEDULES

    return _named(SCHEDULES)


def _models() -> list[Row]:
    from studio.models.catalog import CATALOG
    from studio.models.local import on_this_machine

    here = {info.id: info for info in on_this_machine()}
    rows = [
        {
            "name": card.id,
            "title": card.title,
            "sentence": card.sentence,
            "tasks": list(card.tasks),
            "parameters": card.parameters,
            "download_bytes": card.download_bytes,
            "licence": card.licence,
            "on_this_machine": card.id in here,
        }
        for card in CATALOG
    ]
    known = {row["name"] for row in rows}
    rows.sort(key=lambda row: not row["on_this_machine"])  # what works without a network comes first
    return rows + [
        {
            "name": info.id,
            "title": info.model_type,
            "sentence": "In the Hub cache of this machine.",
            "parameters": info.parameters,
            "on_this_machine": True,
        }
        for info in here.values()
        if info.id not in known
    ]


LISTS: dict[str, Callable[[], list[Row]]] = {
    "tasks": _tasks,
    "strategies": _strategies,
    "models": _models,
    "exporters": _exporters,
    "optimizers": _optimizers,
    "schedules": _schedules,
    "schedulers": _schedules,
}


def _score(row: Row) -> str:
    """The value with its metric, for those of several tasks stand under each other."""
    if row["score"] is None:
        return ""
    metric = metric_named(row["metric"])
    return f"{metric.text(row['score'])} {metric.name}"
