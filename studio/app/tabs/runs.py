"""Runs: what was trained so far. Open, compare, rename, start again from its settings, delete and restore."""

from functools import partial
from time import localtime, strftime
from typing import Any

import gradio as gr

from components.charts.comparison import CurveComparison
from components.notices import empty, heading
from components.tables import PagedTable, simple_table
from studio.app.drafts import Draft
from studio.app.live import STATUS_TITLES, duration, spent, thin
from studio.app.models import title_of
from studio.app.pages import Page, Services, Wire
from studio.app.paging import bounds
from studio.app.runs import TONES, config_of, flat_settings
from studio.config import RunConfig
from studio.errors import StudioError
from studio.metrics import metric_named
from studio.store import Run

CURVE_POINTS = 400
MOST_COMPARED = 6


def build(services: Services) -> Page:
    head = gr.HTML()
    listing = PagedTable(page=partial(run_page, services), selectable=True, caption="Runs", elem_id="runs")
    with gr.Column(visible=False, elem_id="run-detail") as detail:
        title = gr.HTML(elem_id="run-title")
        with gr.Row(elem_classes="button-row"):
            watch = gr.Button("Open", variant="primary", elem_id="run-open", min_width=120)
            again = gr.Button("Start from these settings", elem_id="run-again", min_width=200)
            delete = gr.Button("Delete", variant="stop", elem_id="run-delete", min_width=120)
        with gr.Row():
            name = gr.Textbox(label="Name", max_lines=1, interactive=True, elem_id="run-name", scale=4)
            rename = gr.Button("Rename", elem_id="run-rename", scale=1, min_width=100)
        with gr.Row(visible=False, elem_id="run-confirm") as confirm:
            confirm_text = gr.HTML()
            yes = gr.Button("Yes, delete it", variant="stop", elem_id="run-delete-yes", min_width=140)
            no = gr.Button("Keep it", elem_id="run-delete-no", min_width=120)
    with gr.Column(visible=False) as comparison:
        compared = gr.Dropdown(
            label="Compare runs",
            info="Curves are laid over each other; settings that differ are marked.",
            multiselect=True,
            max_choices=MOST_COMPARED,
            interactive=True,
            elem_id="compare",
        )
        with gr.Column(visible=False) as curves:
            loss_curves = CurveComparison(elem_id="compare-loss")
            metric_curves = CurveComparison(elem_id="compare-metric")
        differences = gr.HTML(elem_id="compare-settings")
    with gr.Row(visible=False) as trash:
        deleted = gr.Dropdown(label="Deleted runs", interactive=True, elem_id="deleted", scale=4)
        restore = gr.Button("Restore", elem_id="restore", scale=1, min_width=100)
    outputs = [
        head,
        listing,
        detail,
        title,
        name,
        confirm,
        confirm_text,
        comparison,
        compared,
        curves,
        loss_curves,
        metric_curves,
        differences,
        trash,
        deleted,
    ]

    def show(draft: Draft) -> list[Any]:
        runs = list(services.store)
        chosen = services.store.find(draft.picked) if draft.picked else None
        picked = [run for run_id in draft.compared if (run := services.store.find(run_id))]
        gone = [(run.name, run.id) for run in services.store.deleted()]
        states = {run.id: services.states.of(run) for run in runs}
        return [
            heading("Runs", "Everything that was trained here. Choose one to open it.")
            if runs
            else empty("runs", "No runs yet", "Each training you start appears here and stays."),
            {"list": [(run.id, run.name, states[run.id].status, states[run.id].step) for run in runs[:200]]},
            gr.update(visible=chosen is not None),
            heading(chosen.name, run_sentence(services, chosen), level=3) if chosen else "",
            chosen.name if chosen else "",
            gr.update(visible=bool(chosen and draft.deleting)),
            "<p class='hint'>It goes to the deleted runs, from where it can be restored.</p>",
            gr.update(visible=len(runs) > 1),
            gr.update(choices=[(run.name, run.id) for run in runs], value=[run.id for run in picked]),
            gr.update(visible=bool(picked)),
            loss_value(services, picked),
            metric_value(services, picked),
            differences_html(picked),
            gr.update(visible=bool(gone)),
            gr.update(choices=gone, value=gone[0][1] if gone else None),
        ]

    wires = [
        Wire(listing.select, pick, event=True),
        Wire(watch.click, partial(open_run, services), go="train"),
        Wire(again.click, partial(start_from, services), go="strategy"),
        Wire(delete.click, lambda draft: draft.change(deleting=True)),
        Wire(no.click, lambda draft: draft.change(deleting=False)),
        Wire(yes.click, partial(delete_run, services)),
        Wire(rename.click, partial(rename_run, services), [name]),
        Wire(name.submit, partial(rename_run, services), [name]),
        Wire(compared.input, lambda draft, ids: draft.change(compared=tuple(ids or ())), [compared]),
        Wire(restore.click, partial(restore_run, services), [deleted]),
    ]
    return Page("runs", "Runs", outputs, show, wires, is_step=False)


# --- drawing ------------------------------------------------------------------------------------


def run_page(services: Services, query: dict[str, Any]) -> dict[str, Any]:
    """A page of the list of runs, newest first."""
    start, count = bounds(query)
    runs = list(services.store)
    columns = (
        ("name", "Name", "text"),
        ("status", "Status", "badge"),
        ("metric", "Result", "text"),
        ("data", "Data", "text"),
        ("model", "Model", "text"),
        ("strategy", "Strategy", "text"),
        ("duration", "Time", "text"),
        ("created", "Started", "text"),
    )
    return {
        "columns": [{"key": key, "title": title, "kind": kind} for key, title, kind in columns],
        "rows": [run_row(services, run) for run in runs[start : start + count]],
        "total": len(runs),
    }


def run_row(services: Services, run: Run) -> dict[str, Any]:
    state, config = services.states.of(run), config_of(run)
    return {
        "id": run.id,
        "name": run.name,
        "status": {"text": STATUS_TITLES[state.status], "tone": TONES[state.status]},
        "data": run.meta.get("data") or (source_name(config) if config else ""),
        "model": title_of(config.model.id) if config else "",
        "strategy": config.chosen_strategy.title if config else "",
        "metric": result_words(services, run),
        "duration": duration(spent(state)) if state.started else "",
        "created": strftime("%Y-%m-%d %H:%M", localtime(run.created)),
    }


def source_name(config: RunConfig) -> str:
    return config.data.source.replace("\\", "/").rpartition("/")[2]


def result_words(services: Services, run: Run) -> str:
    """The headline metric: on the test part once there is one, else the best on the validation part."""
    state = services.states.of(run)
    name = state.plan.headline_metric if state.plan else ""
    for told, part in ((state.test, "test"), (state.best, "validation")):
        if told and name in told.metrics:
            metric = metric_named(name)
            return f"{metric.text(told.metrics[name])} {metric.title} ({part})"
    return ""


def run_sentence(services: Services, run: Run) -> str:
    row = run_row(services, run)
    parts = [row["status"]["text"], row["metric"], row["duration"]]
    return " · ".join(part for part in parts if part)


def loss_value(services: Services, runs: list[Run]) -> dict[str, Any] | None:
    series = []
    for run in runs:
        state = services.states.of(run)
        series.append({"name": f"{run.name} · train", "points": thin(state.train, CURVE_POINTS)})
        checked = [(event.step, event.metrics["loss"]) for event in state.validation if "loss" in event.metrics]
        series.append({"name": f"{run.name} · validation", "points": checked, "dash": "dash"})
    return {"series": series, "title": "Loss", "x_title": "step", "y_title": "loss"} if runs else None


def metric_value(services: Services, runs: list[Run]) -> dict[str, Any] | None:
    series, names = [], []
    for run in runs:
        state = services.states.of(run)
        metric = metric_named(state.plan.headline_metric if state.plan else "")
        names.append(metric.title)
        checks = [event for event in state.validation if metric.name in event.metrics]
        series.append({"name": run.name, "points": [(event.step, event.metrics[metric.name]) for event in checks]})
    title = " / ".join(dict.fromkeys(filter(None, names)))
    return {"series": series, "title": f"{title} (validation)", "x_title": "step", "y_title": title} if runs else None


def differences_html(runs: list[Run]) -> str:
    """The settings of the compared runs side by side, those that differ marked and first."""
    if len(runs) < 2:
        return ""
    settings = [flat_settings(config) if (config := config_of(run)) else {} for run in runs]
    keys = list(dict.fromkeys(key for each in settings for key in each))
    differ = {key for key in keys if len({str(each.get(key)) for each in settings}) > 1}
    columns = [{"key": "setting", "title": "Setting"}, *({"key": run.id, "title": run.name} for run in runs)]
    rows = [
        {"setting": key, **{run.id: each.get(key, "") for run, each in zip(runs, settings, strict=True)}}
        for key in sorted(keys, key=lambda key: key not in differ)
    ]
    return simple_table(columns, rows, highlight=lambda row: row["setting"] in differ, caption="Settings")


# --- changing the draft ---------------------------------------------------------------------------


def pick(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(picked=str(event["row"]["id"]), deleting=False)


def picked(services: Services, draft: Draft) -> Run:
    run = services.store.find(draft.picked) if draft.picked else None
    if run is None:
        raise StudioError("No run is chosen.", "It may have been deleted.", "Choose one from the list.")
    return run


def open_run(services: Services, draft: Draft) -> Draft:
    return with_settings(draft, picked(services, draft)).change(run=picked(services, draft).id)


def start_from(services: Services, draft: Draft) -> Draft:
    return with_settings(draft, picked(services, draft)).change(run=None)


def with_settings(draft: Draft, run: Run) -> Draft:
    """The draft with all choices of a run, so that every step shows them."""
    config = config_of(run)
    if config is None:
        raise StudioError("The settings cannot be used.", "Another version wrote them.", "Start a new run instead.")
    meta = run.meta
    return draft.change(
        task=config.task,
        model=config.model.id,
        source=config.data.source,
        title=meta.get("data") or source_name(config),
        dataset=run.dataset,
        reading=config.data.reading,
        columns=config.data.columns,
        limit=config.data.limit,
        split=config.data.split,
        preset=meta.get("preset"),
        strategy=config.strategy,
        training=config.training.model_dump(),
        options=config.options,
        mark=None,
    )


def rename_run(services: Services, draft: Draft, name: str | None) -> Draft:
    picked(services, draft).rename(name or "")
    return draft


def delete_run(services: Services, draft: Draft) -> Draft:
    run = picked(services, draft)
    services.store.delete(run)
    return draft.change(picked=None, deleting=False, run=None if draft.run == run.id else draft.run)


def restore_run(services: Services, draft: Draft, run_id: str | None) -> Draft:
    if run_id:
        services.store.restore(run_id)
        return draft.change(picked=run_id)
    return draft
