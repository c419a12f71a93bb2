"""How good a run's model is: a verdict in words, and folded behind it the metrics and their figures. Sections of the
Test page."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from components.charts.bars import bars_html
from components.charts.figures import Figures, FiguresValue
from components.notices import heading
from components.tables import metric_cards
from components.words import drawn, escape_sentence
from studio.app.answers.base import AFTER, BEFORE
from studio.app.asking import run_with_model
from studio.app.drafts import Draft
from studio.app.glossary import metric_words
from studio.app.pages import Section, Services, Wire, hint
from studio.app.results import count_test_rows, task_of
from studio.app.views import VIEWS
from studio.events import RunState
from studio.language import _, plural
from studio.metrics import METRICS, Metric, metric_named
from studio.metrics.intervals import Interval
from studio.store import Run
from studio.tasks.results import intervals, remarks, stored_scores


def verdict(services: Services) -> Section:
    shown = gr.HTML(elem_id="verdict")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        return [verdict_html(run, services.states.of(run)) if run else ""]

    return Section([shown], show, [])


def more_numbers(services: Services) -> Section:
    """A click on an element of a figure shows its examples among the mistakes."""
    with gr.Accordion(_("More numbers"), open=False, visible=False, elem_id="more-numbers") as folded:
        numbers = gr.HTML(elem_id="test-metrics")
        how = _("Click an element of a figure to see its examples.")
        gr.HTML(drawn(hint, how))
        views = Figures(opens="mistakes", elem_id="views")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        found = test_scores(run) if run else None
        if found is None:
            return [gr.update(visible=False), "", None]
        return [gr.update(visible=True), scores_html(found), figures(found["views"], draft.mark)]

    return Section([folded, numbers, views], show, [Wire(views.select, choose_mark, event=True)])


# --- drawing ------------------------------------------------------------------------------------


def test_scores(run: Run) -> dict[str, Any] | None:
    """Those of the test split, where there are some."""
    found: dict[str, Any] | None = stored_scores(run).get("test")
    return found if found and found["metrics"] else None


def verdict_html(run: Run, state: RunState) -> str:
    """How good the model is in words, what that is worth, and what training changed."""
    task, found = task_of(run), test_scores(run)
    if found is None or task is None:
        return heading(_("How good is it?"), _("This run has no test results."))
    kept_out = plural(
        "On {n:,} test example, which was kept out of the training.",
        "On {n:,} test examples, which were kept out of the training.",
        count_test_rows(run),
    )
    metric, interval = metric_named(task.headline), intervals(found).get(task.headline)
    worth = likely(metric, interval)
    said = [sentence for sentence in (worth, *remarks(found)) if sentence]
    return (
        heading(_("How good is it?"), kept_out)
        + f'<p class="verdict-words">{escape_sentence(task.verdict(found))}</p>'
        + "".join(map(hint, said))
        + progress_html(metric, state)
    )


def likely(metric: Metric, interval: Interval | None) -> str:
    """Between what the number lies, as far as chance is concerned; "" where that is not known."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return _(
        "{measure}: with many more such examples likely between {low} and {high} (95% interval).",
        measure=metric.title,
        low=metric.text(interval.low),
        high=metric.text(interval.high),
    )


def progress_html(metric: Metric, state: RunState) -> str:
    """What training changed on the validation examples, which were measured before its first step as well."""
    checks = [event for event in state.validation if metric.name in event.metrics]
    if state.best is None or not checks or checks[0].step or metric.name not in state.best.metrics:
        return ""
    before, after = checks[0].metrics[metric.name], state.best.metrics[metric.name]
    title = heading(_("What training changed"), _("Measured on the validation examples."), level=3)
    row = {"label": metric.title, "value": after, "other": before}
    return f'<div class="verdict-change">{title}{bars_html([row], AFTER, BEFORE, percent=metric.percent)}</div>'


def scores_html(found: dict[str, Any]) -> str:
    return metric_cards(score_cards(found["metrics"], intervals(found)))


def score_cards(metrics: dict[str, float], worth: Mapping[str, Interval]) -> list[dict[str, str]]:
    """The metrics in the order of their registry, others behind them, each with what it says and is worth."""
    known = [name for name in METRICS.names if name in metrics]
    names = [*known, *(name for name in metrics if name not in known)]
    return [
        {
            "label": metric_words(metric.name, metric.title),
            "value": metric.text(metrics[metric.name]),
            "note": score_note(metric, worth.get(metric.name)),
        }
        for metric in map(metric_named, names)
    ]


def score_note(metric: Metric, worth: Interval | None) -> str:
    return _("{title}: {words}", title=metric.sentence, words=worth.text(metric)) if worth else metric.sentence


def figures(views: Sequence[dict[str, Any]], chosen: str | None) -> FiguresValue:
    return {"figures": [VIEWS[view["kind"]].figure(view["title"], view["data"]) for view in views], "chosen": chosen}


# --- changing the draft ---------------------------------------------------------------------------


def choose_mark(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(mark=str(event["mark"]), example=None)
