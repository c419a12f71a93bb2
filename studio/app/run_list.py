"""The list of runs, as the browser's table asks for it: searched, filtered, sorted. A section of the Runs page."""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from components.notices import empty, heading
from components.tables import PagedTable
from studio.app.drafts import Draft
from studio.app.live import STATUS_TITLES, duration, spent
from studio.app.model_cards import title_of
from studio.app.pages import Section, Services, Wire, hint
from studio.app.paging import bounds
from studio.app.runs import TONES, method_words
from studio.app.sent import sent
from studio.events import RunState
from studio.language import _, listing
from studio.metrics import metric_named
from studio.room import megabytes
from studio.run_index import SORTS, Query, RunPage
from studio.run_summary import RunSummary
from studio.store import Run
from studio.tasks import TASKS

ROWS = 20  # of a page
SECONDS_UNTIL_READ = 1.0  # until the list is asked for again while runs are still being read
DAMAGED = {"text": _("Damaged"), "tone": "bad"}  # instead of a status
BEST = _(
    "Best on validation: of several runs with the same task and data, the one that did best on the validation split. "
    "That split chooses; the test split only says how good the chosen one is."
)
COLUMNS = [
    {"key": key, "title": title, "kind": kind, "sorts": True}
    for key, title, kind in (
        ("name", _("Name"), "text"),
        ("status", _("Status"), "badge"),
        ("metric", _("Result"), "text"),
        ("data", _("Data"), "text"),
        ("model", _("Model"), "text"),
        ("strategy", _("Strategy"), "text"),
        ("duration", _("Time"), "number"),
        ("bytes", _("Size"), "number"),
        ("created", _("Started"), "moment"),
    )
]


def all_runs(services: Services, pick: Callable[[Draft, dict[str, Any]], Draft]) -> Section:
    head = gr.HTML()
    table = PagedTable(
        page=partial(run_page, services),
        rows_per_page=ROWS,
        selectable=True,
        filterable=True,
        lasting=True,
        caption=_("Runs"),
        elem_id="runs",
    )

    def show(draft: Draft) -> list[Any]:
        newest = services.index.page(0, ROWS)
        chosen = services.store.find(draft.picked) if draft.picked else None
        return [
            heading(_("Runs"), _("Everything that was trained here. Choose a run to open it."))
            if newest.total
            else empty("runs", _("No runs yet"), _("Each training you start appears here and stays.")),
            list_value(newest, chosen),
        ]

    return Section([head, table], show, [Wire(table.select, pick, event=True)])


def list_value(newest: RunPage, chosen: Run | None) -> dict[str, Any]:
    """The table's query: when it changes, the table reloads its rows."""
    shown = [(run.id, *what_changes(summary)) for run, summary in newest.runs]
    return {"list": shown, "total": newest.total, "chosen": [chosen.name, *chosen.tags] if chosen else []}


def run_page(services: Services, asked: dict[str, Any]) -> dict[str, Any]:
    """A page of the list of runs, newest first where nothing else is asked for."""
    start, count = bounds(asked)
    page = services.index.page(start, count, query_of(asked), marked=True)
    marked = any(run.id in page.best for run, _summary in page.runs)
    return {
        "columns": COLUMNS,
        "rows": [run_row(run, summary, run.id in page.best) for run, summary in page.runs],
        "total": page.total,
        "filters": filters(services),
        "legend": hint(BEST) if marked else "",
        **({} if page.is_complete else {"again": SECONDS_UNTIL_READ}),
    }


def query_of(asked: dict[str, Any]) -> Query:
    """What a browser asks for; an order that there is not is none."""
    chosen, sort = sent(asked.get("chosen")), str(asked.get("sort") or "")
    return Query(
        search=str(sent(asked).get("filter") or ""),
        **{name: str(chosen.get(name) or "") for name in ("status", "task", "tag")},
        sort=sort if sort in SORTS else "",
        is_reversed=asked.get("reversed") is True,
    )


def filters(services: Services) -> list[dict[str, Any]]:
    """What runs can be filtered by; nothing that would leave them all."""
    tasks, tags = services.index.tasks_and_tags()
    choices: dict[str, tuple[str, list[tuple[str, str]]]] = {
        "status": (_("Status"), [*STATUS_TITLES.items()]),
        "task": (_("Task"), [(task, TASKS[task].title) for task in tasks if task in TASKS.names]),
        "tag": (_("Tag"), [(tag, tag) for tag in tags]),
    }
    return [
        {"key": key, "title": title, "choices": [{"value": value, "title": words} for value, words in entries]}
        for key, (title, entries) in choices.items()
        if len(entries) > (1 if key == "task" else 0)
    ]


def run_row(run: Run, summary: RunSummary | None, is_best: bool) -> dict[str, Any]:
    if summary is None:
        return {"id": run.id, "name": run.name, "status": {"text": _("Being read"), "tone": "neutral"}}
    choices, state = summary.choices, summary.state
    return {
        "id": run.id,
        "name": choices.name,
        "marks": [
            *([{"text": _("Best on validation"), "tone": "good"}] * is_best),
            *({"text": tag} for tag in choices.tags),
        ],
        "status": DAMAGED if summary.damage else {"text": STATUS_TITLES[state.status], "tone": TONES[state.status]},
        "data": choices.data,
        "model": title_of(choices.model) if choices.model else "",
        "strategy": method_words(choices.strategy, choices.preset),
        "metric": summary.damage or result_words(state),
        "duration": duration(spent(state)) if state.started else "",
        "bytes": megabytes(summary.bytes),
        "created": choices.created,
    }


def result_words(state: RunState) -> str:
    """The headline metric: on the test split once there is a score, else the best on the validation split."""
    name = state.plan.headline_metric if state.plan else ""
    metric = metric_named(name)
    if state.test and name in state.test.metrics:
        return _("{metric}: {score} (test)", metric=metric.title, score=metric.text(state.test.metrics[name]))
    if state.best and name in state.best.metrics:
        return _("{metric}: {score} (validation)", metric=metric.title, score=metric.text(state.best.metrics[name]))
    return ""


def what_changes(summary: RunSummary | None) -> tuple[str, ...]:
    """What a list shows of a run and may soon be another thing; not its time, which alone is not worth a new list."""
    if summary is None:
        return ()
    choices, state = summary.choices, summary.state
    return choices.name, *choices.tags, STATUS_TITLES[state.status], result_words(state), summary.damage


def run_sentence(summary: RunSummary | None) -> str:
    if summary is None:
        return ""
    state = summary.state
    parts = [STATUS_TITLES[state.status], result_words(state), duration(spent(state)) if state.started else ""]
    return listing(part for part in (*parts, summary.damage) if part)
