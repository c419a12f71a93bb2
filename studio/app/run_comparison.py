"""Runs laid over each other: their curves, and the settings in which they differ. A section of the Runs page."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from components.charts.comparison import CurveComparison
from components.tables import simple_table
from studio.app.drafts import Draft
from studio.app.live import stretch_of, thin
from studio.app.pages import Section, Services, Wire
from studio.app.runs import MOST_OFFERED, config_of, flat_settings, told_apart
from studio.language import _, listing, number
from studio.metrics import metric_named
from studio.run_index import RunPage
from studio.store import Run

CURVE_POINTS = 400
MOST_COMPARED = 6


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


def offered(newest: RunPage, others: Sequence[Run | None]) -> list[tuple[str, str]]:
    """What can be compared: the newest runs, and whichever older one is chosen in the list."""
    names = {run.id: summary.choices.name if summary else run.name for run, summary in newest.runs}
    names |= {run.id: run.name for run in others if run is not None and run.id not in names}
    return [(name, run_id) for run_id, name in told_apart(names).items()]


def names_of(runs: Sequence[Run]) -> dict[str, str]:
    return told_apart({run.id: run.name for run in runs})


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


def written(value: Any) -> Any:
    return number(value, "g") if isinstance(value, float) else value


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
        {"setting": key, **{run.id: written(each.get(key, "")) for run, each in zip(runs, settings, strict=True)}}
        for key in sorted(keys, key=lambda key: key not in differ)
    ]
    return simple_table(columns, rows, highlight=lambda row: row["setting"] in differ, caption=_("Settings"))
