"""`studio runs` and `studio list`: what there is."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands.flags import add_shared_flags, chosen_home
from studio.commands.output import print_json, print_table
from studio.metrics import metric_named
from studio.store import Store

if TYPE_CHECKING:
    from studio.run_summary import RunSummary

Row = dict[str, Any]


def add_to(subparsers: Any) -> None:
    runs = subparsers.add_parser("runs", help="list the runs")
    add_shared_flags(runs)
    runs.set_defaults(handler=run_runs)
    listing = subparsers.add_parser("list", help="list what a run file can name")
    listing.add_argument("what", choices=sorted(LISTS))
    add_shared_flags(listing, home=False)
    listing.set_defaults(handler=run_list)


def run_runs(arguments: argparse.Namespace) -> int:
    from studio.run_index import RunIndex

    store = Store(chosen_home(arguments))
    rows = [describe_run(summary, store.home.runs / summary.id) for summary in RunIndex(store).all()]
    if arguments.json:
        print_json(rows)
        return 0
    cells = [
        [row["run"], "damaged" if row["damage"] else row["status"], row["task"], _score(row), row["name"]]
        for row in rows
    ]
    print_table(("RUN", "STATUS", "TASK", "SCORE", "NAME"), cells)
    for row in rows:
        if row["damage"]:
            print(f"{row['run']}: {row['damage']}", file=sys.stderr)
    return 0


def describe_run(summary: "RunSummary", folder: Path) -> Row:
    """One run as `studio runs --json` prints it. A run file that this version cannot read leaves its fields empty."""
    choices, state = summary.choices, summary.state
    headline = state.plan.headline_metric if state.plan else ""
    scored = state.test or state.best
    return {
        "run": summary.id,
        "name": choices.name,
        "dir": str(folder),
        "status": state.status,
        "damage": summary.damage,
        "created": choices.created,
        "seconds": round(state.seconds, 1),
        "task": choices.task,
        "model": choices.model,
        "strategy": choices.strategy,
        "metric": headline,
        "score": scored.metrics.get(headline) if scored else None,
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
    return "[here] " if row["on_this_machine"] else f"[{row['download_bytes'] / 1000**2:,.0f} MB] "


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
