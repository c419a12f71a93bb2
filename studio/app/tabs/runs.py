"""Runs: what was trained so far. Open, compare, rename, start again from its settings, delete and restore."""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from time import localtime, strftime
from typing import Any

import gradio as gr

from components.charts.comparison import CurveComparison
from components.notices import empty, heading
from components.tables import PagedTable, simple_table
from components.words import drawn
from studio.app.access.person import current_person
from studio.app.access.sessions import Sessions
from studio.app.clicks import QUIET
from studio.app.drafts import Draft
from studio.app.foreign import is_foreign_model
from studio.app.free_space import free_space
from studio.app.live import STATUS_TITLES, duration, spent, stretch_of, thin
from studio.app.model_cards import title_of
from studio.app.pages import Page, Section, Services, Wire, hint, joined
from studio.app.paging import bounds
from studio.app.runs import MOST_OFFERED, TONES, config_of, flat_settings, told_apart
from studio.app.sent import sent
from studio.app.sharing import shared_with
from studio.app.workspaces import homes_of_people
from studio.errors import StudioError
from studio.events import RunState
from studio.language import _, listing
from studio.metrics import metric_named
from studio.run_index import RunPage
from studio.run_summary import RunSummary, source_name
from studio.store import Run
from studio.strategies import STRATEGIES

ROWS = 20  # of a page
SECONDS_UNTIL_READ = 1.0  # until the list is asked for again while runs are still being read
CURVE_POINTS = 400
MOST_COMPARED = 6
DAMAGED = {"text": _("Damaged"), "tone": "bad"}  # instead of a status


def build(services: Services) -> Page:
    builders = whose, all_runs, shown_by_others, detail, comparison, trash, free_space
    return Page("runs", _("Runs"), *joined(*(build(services) for build in builders)), is_step=False)


def whose(services: Services) -> Section:
    """For an administrator: the workspace that the whole page looks into."""
    workspace = gr.Dropdown(label=_("Workspace"), interactive=True, visible=False, elem_id="workspace")
    chosen = workspace.input(partial(look_into, services), [workspace], None, queue=False, **QUIET)
    chosen.then(None, js="() => location.reload()")

    def show(draft: Draft) -> list[Any]:
        person = current_person()
        names = [home.root.name for home in homes_of_people(services.server)] if person.is_admin else []
        choices = [(_("My own"), ""), *((name, name) for name in names)]
        return [
            gr.update(choices=choices, value=person.workspace if names else "", visible=bool(names and person.session))
        ]

    return Section([workspace], show, [])


def shown_by_others(services: Services) -> Section:
    with gr.Row(visible=False, elem_id="shared-runs") as shown:
        theirs = gr.Dropdown(label=_("Runs that others show you"), interactive=True, elem_id="shared-run", scale=4)
        look = gr.Button(_("Choose"), elem_id="shared-choose", scale=1, min_width=100)

    def show(draft: Draft) -> list[Any]:
        runs = [(run.name, run.id) for run in islice(shared_with(services.home), MOST_OFFERED)]
        return [gr.update(visible=bool(runs)), gr.update(choices=runs, value=runs[0][1] if runs else None)]

    choose = Wire(look.click, lambda draft, run_id: draft.change(picked=run_id, deleting=False), [theirs])
    return Section([shown, theirs], show, [choose])


def all_runs(services: Services) -> Section:
    head = gr.HTML()
    table = PagedTable(
        page=partial(run_page, services),
        rows_per_page=ROWS,
        selectable=True,
        filterable=True,
        caption=_("Runs"),
        elem_id="runs",
    )

    def show(draft: Draft) -> list[Any]:
        newest = services.index.page(0, ROWS)
        chosen = services.store.find(draft.picked) if draft.picked else None
        return [
            heading(_("Runs"), _("Everything that was trained here. Choose one to open it."))
            if newest.total
            else empty("runs", _("No runs yet"), _("Each training you start appears here and stays.")),
            list_value(newest, chosen),
        ]

    return Section([head, table], show, [Wire(table.select, pick, event=True)])


def detail(services: Services) -> Section:
    """The picked run: open it, start from its settings, rename or delete it."""
    with gr.Column(visible=False, elem_id="run-detail") as shown:
        title = gr.HTML(elem_id="run-title")
        with gr.Row(elem_classes="button-row"):
            watch = gr.Button(_("Open"), variant="primary", elem_id="run-open", min_width=120)
            again = gr.Button(_("Start from these settings"), elem_id="run-again", min_width=200)
            delete = gr.Button(_("Delete"), variant="stop", elem_id="run-delete", min_width=120)
        with gr.Row():
            name = gr.Textbox(label=_("Name"), max_lines=1, interactive=True, elem_id="run-name", scale=4)
            rename = gr.Button(_("Rename"), elem_id="run-rename", scale=1, min_width=100)
        question = really_delete(services)

    def show(draft: Draft) -> list[Any]:
        run = services.store.find(draft.picked) if draft.picked else None
        title_words = heading(run.name, run_sentence(services.index.summary(run)), level=3) if run else ""
        return [gr.update(visible=run is not None), title_words, run.name if run else ""]

    wires = [
        Wire(watch.click, partial(open_run, services), go="train"),
        Wire(again.click, partial(start_from, services), go="strategy"),
        Wire(delete.click, lambda draft: draft.change(deleting=True)),
        Wire(rename.click, partial(rename_run, services), [name]),
        Wire(name.submit, partial(rename_run, services), [name]),
    ]
    return joined(Section([shown, title, name], show, wires), question)


def really_delete(services: Services) -> Section:
    with gr.Row(visible=False, elem_id="run-confirm") as question:
        gr.HTML(drawn(hint, _("It goes to the deleted runs, from where it can be restored.")))
        yes = gr.Button(_("Yes, delete it"), variant="stop", elem_id="run-delete-yes", min_width=140)
        no = gr.Button(_("Keep it"), elem_id="run-delete-no", min_width=120)

    def show(draft: Draft) -> list[Any]:
        there = bool(draft.picked and services.store.find(draft.picked))
        return [gr.update(visible=there and draft.deleting)]

    wires = [
        Wire(no.click, lambda draft: draft.change(deleting=False)),
        Wire(yes.click, partial(delete_run, services)),
    ]
    return Section([question], show, wires)


def comparison(services: Services) -> Section:
    """Curves and settings of several runs."""
    with gr.Column(visible=False) as shown:
        compared = gr.Dropdown(
            label=_("Compare runs"),
            info=_("Curves are laid over each other; settings that differ are marked."),
            multiselect=True,
            max_choices=MOST_COMPARED,
            interactive=True,
            elem_id="compare",
        )
        with gr.Column(visible=False) as curves:
            loss_curves = CurveComparison(elem_id="compare-loss")
            metric_curves = CurveComparison(elem_id="compare-metric")
        differences = gr.HTML(elem_id="compare-settings")

    def show(draft: Draft) -> list[Any]:
        newest = services.index.page(0, MOST_OFFERED)
        picked = services.store.find(draft.picked) if draft.picked else None
        chosen = [run for run_id in draft.compared if (run := services.store.find(run_id))]
        return [
            gr.update(visible=newest.total > 1),
            gr.update(choices=offered(newest, [picked, *chosen]), value=[run.id for run in chosen]),
            gr.update(visible=bool(chosen)),
            loss_value(services, chosen),
            metric_value(services, chosen),
            differences_html(chosen),
        ]

    wires = [Wire(compared.input, lambda draft, ids: draft.change(compared=tuple(ids or ())), [compared])]
    return Section([shown, compared, curves, loss_curves, metric_curves, differences], show, wires)


def trash(services: Services) -> Section:
    with gr.Row(visible=False) as shown:
        deleted = gr.Dropdown(label=_("Deleted runs"), interactive=True, elem_id="deleted", scale=4)
        restore = gr.Button(_("Restore"), elem_id="restore", scale=1, min_width=100)

    def show(draft: Draft) -> list[Any]:
        gone = [(run.name, run.id) for run in islice(services.store.deleted(), MOST_OFFERED)]
        return [gr.update(visible=bool(gone)), gr.update(choices=gone, value=gone[0][1] if gone else None)]

    return Section([shown, deleted], show, [Wire(restore.click, partial(restore_run, services), [deleted])])


# --- drawing ------------------------------------------------------------------------------------


def list_value(newest: RunPage, chosen: Run | None) -> dict[str, Any]:
    """The table's query: when it changes, the table reloads its rows."""
    shown = [(run.id, *what_changes(summary)) for run, summary in newest.runs]
    return {"list": shown, "total": newest.total, "chosen": chosen.name if chosen else ""}


def offered(newest: RunPage, others: Sequence[Run | None]) -> list[tuple[str, str]]:
    """What can be compared: the newest runs, and whichever older one is chosen in the list."""
    names = {run.id: summary.choices.name if summary else run.name for run, summary in newest.runs}
    names |= {run.id: run.name for run in others if run is not None and run.id not in names}
    return [(name, run_id) for run_id, name in told_apart(names).items()]


def names_of(runs: Sequence[Run]) -> dict[str, str]:
    return told_apart({run.id: run.name for run in runs})


def run_page(services: Services, query: dict[str, Any]) -> dict[str, Any]:
    """A page of the list of runs, newest first."""
    start, count = bounds(query)
    page = services.index.page(start, count, str(sent(query).get("filter") or ""))
    columns = (
        ("name", _("Name"), "text"),
        ("status", _("Status"), "badge"),
        ("metric", _("Result"), "text"),
        ("data", _("Data"), "text"),
        ("model", _("Model"), "text"),
        ("strategy", _("Strategy"), "text"),
        ("duration", _("Time"), "text"),
        ("created", _("Started"), "text"),
    )
    return {
        "columns": [{"key": key, "title": title, "kind": kind} for key, title, kind in columns],
        "rows": [run_row(run, summary) for run, summary in page.runs],
        "total": page.total,
        **({} if page.is_complete else {"again": SECONDS_UNTIL_READ}),
    }


def run_row(run: Run, summary: RunSummary | None) -> dict[str, Any]:
    if summary is None:
        return {"id": run.id, "name": run.name, "status": {"text": _("Being read"), "tone": "neutral"}}
    choices, state = summary.choices, summary.state
    return {
        "id": run.id,
        "name": choices.name,
        "status": DAMAGED if summary.damage else {"text": STATUS_TITLES[state.status], "tone": TONES[state.status]},
        "data": choices.data,
        "model": title_of(choices.model) if choices.model else "",
        "strategy": STRATEGIES[choices.strategy].title if choices.strategy in STRATEGIES else choices.strategy,
        "metric": summary.damage or result_words(state),
        "duration": duration(spent(state)) if state.started else "",
        "created": strftime("%Y-%m-%d %H:%M", localtime(choices.created)),
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
    return summary.choices.name, STATUS_TITLES[summary.state.status], result_words(summary.state), summary.damage


def run_sentence(summary: RunSummary | None) -> str:
    if summary is None:
        return ""
    state = summary.state
    parts = [STATUS_TITLES[state.status], result_words(state), duration(spent(state)) if state.started else ""]
    return listing(part for part in (*parts, summary.damage) if part)


def loss_value(services: Services, runs: list[Run]) -> dict[str, Any] | None:
    series, names = [], names_of(runs)
    for run in runs:
        state, name = services.states.of(run), names[run.id]
        points, stretch = thin(state.train, CURVE_POINTS), stretch_of(len(state.train), CURVE_POINTS)
        series.append({"name": _("{run} · train", run=name), "points": points, "stretch": stretch})
        checked = [(event.step, event.metrics["loss"]) for event in state.validation if "loss" in event.metrics]
        series.append({"name": _("{run} · validation", run=name), "points": checked, "dash": "dash"})
    return {"series": series, "title": _("Loss"), "x_title": _("step"), "y_title": _("loss")} if runs else None


def metric_value(services: Services, runs: list[Run]) -> dict[str, Any] | None:
    series, metrics, names = [], [], names_of(runs)
    for run in runs:
        state = services.states.of(run)
        metric = metric_named(state.plan.headline_metric if state.plan else "")
        metrics.append(metric)
        checks = [event for event in state.validation if metric.name in event.metrics]
        series.append({"name": names[run.id], "points": [(event.step, event.metrics[metric.name]) for event in checks]})
    if not runs:
        return None
    title = listing(dict.fromkeys(metric.title for metric in metrics if metric.title))
    percent = all(metric.percent for metric in metrics)
    return {
        "series": series,
        "title": _("{metric} (validation)", metric=title),
        "x_title": _("step"),
        "y_title": title,
        "percent": percent,
    }


def differences_html(runs: list[Run]) -> str:
    """The settings of the compared runs side by side, those that differ marked and first."""
    if len(runs) < 2:
        return ""
    settings = [flat_settings(config) if (config := config_of(run)) else {} for run in runs]
    keys = list(dict.fromkeys(key for each in settings for key in each))
    differ = {key for key in keys if len({str(each.get(key)) for each in settings}) > 1}
    columns = [
        {"key": "setting", "title": _("Setting")},
        *({"key": run_id, "title": name} for run_id, name in names_of(runs).items()),
    ]
    rows = [
        {"setting": key, **{run.id: each.get(key, "") for run, each in zip(runs, settings, strict=True)}}
        for key in sorted(keys, key=lambda key: key not in differ)
    ]
    return simple_table(columns, rows, highlight=lambda row: row["setting"] in differ, caption=_("Settings"))


# --- changing the draft ---------------------------------------------------------------------------


def look_into(services: Services, workspace: str | None) -> None:
    """Let an administrator see another's workspace instead of their own, from the next page on."""
    person, names = current_person(), {"", *(home.root.name for home in homes_of_people(services.server))}
    if person.is_admin and workspace in names:
        Sessions(services.server.sessions).look_into(person.session, str(workspace))


def pick(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(picked=str(sent(event["row"])["id"]), deleting=False)


def picked(services: Services, draft: Draft) -> Run:
    run = services.store.find(draft.picked) if draft.picked else None
    if run is None:
        raise StudioError(_("No run is chosen."), _("It may have been deleted."), _("Choose one from the list."))
    return run


def open_run(services: Services, draft: Draft) -> Draft:
    run = picked(services, draft)
    return with_settings(services, draft, run).change(run=run.id)


def start_from(services: Services, draft: Draft) -> Draft:
    return with_settings(services, draft, picked(services, draft)).change(run=None)


def with_settings(services: Services, draft: Draft, run: Run) -> Draft:
    """The draft with all choices of a run, so that every step shows them; of another's run without what is theirs: its
    data, and a model that only they may name."""
    config = config_of(run)
    if config is None:
        raise StudioError(
            _("The settings cannot be used."),
            _("Another version wrote them, or the file is damaged."),
            _("Start a new run instead."),
        )
    meta = run.meta
    if not services.may_change(run):
        theirs = {"data", *(["model"] if is_foreign_model(config.model.id) else [])}
        values = config.model_dump(mode="json", exclude=theirs)
        return draft.change(config=values, title="", dataset=None, preset=meta.get("preset"), mark=None)
    return draft.change(
        config=config.model_dump(mode="json"),
        title=meta.get("data") or source_name(config),
        dataset=run.dataset,
        preset=meta.get("preset"),
        mark=None,
    )


def rename_run(services: Services, draft: Draft, name: str | None) -> Draft:
    run = picked(services, draft)
    services.check_owner(run)
    run.rename(name or "")
    return draft


def delete_run(services: Services, draft: Draft) -> Draft:
    run = picked(services, draft)
    services.check_owner(run)
    services.store.delete(run)
    return draft.change(picked=None, deleting=False, run=None if draft.run == run.id else draft.run)


def restore_run(services: Services, draft: Draft, run_id: str | None) -> Draft:
    if run_id:
        services.store.restore(run_id)
        return draft.change(picked=run_id)
    return draft
