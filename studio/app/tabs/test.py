"""5 Test: try the result beside the untouched model, then see how good it is, down to the single example."""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block

from components.charts.figures import Figures, FiguresValue
from components.notices import empty, heading, notice
from components.tables import PagedTable, metric_cards
from components.words import drawn
from studio.app import demos
from studio.app.asking import answer_file, answer_html, ask, cancel_questions, last_asking, predictions_file
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.inputs.controls import Control, build_controls, given_controls, shown_controls
from studio.app.inputs.slots import Slot, build_slots, given, shown
from studio.app.pages import Page, Section, Services, Wire, download_link, joined, sheltered
from studio.app.paging import file_url
from studio.app.results import count_test_rows, imported_of, rows_page, task_of
from studio.app.runs import choices_with_model, config_of
from studio.app.sent import sent
from studio.app.views import VIEWS
from studio.app.workspaces import Example
from studio.errors import StudioError
from studio.language import _, plural
from studio.metrics import METRICS, Metric, metric_named
from studio.metrics.intervals import Interval
from studio.store import Run
from studio.tasks.base import Task
from studio.tasks.results import intervals, mark_words, remarks, stored_scores


def build(services: Services) -> Page:
    head = gr.HTML()
    which_run = gr.Dropdown(label=_("Run"), interactive=True, elem_id="test-run")
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False) as body:
        trial, inputs, progress, cancel = build_trial(services)
        fields = set(inputs)
        of_the_run = joined(
            trial, build_examples(services, fields), build_many(services, fields), build_quality(services, fields)
        )
    inside = sheltered(trouble, body, of_the_run, lambda draft: run_with_model(services, draft) is not None)

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        choices = choices_with_model(services, run)
        services.forks.start()
        services.predictor.warm_up(run)
        title = heading(_("Try it"), _("The tuned model beside the one you started from."))
        if run is None and not choices:
            title = empty(
                "compass", _("Nothing to try yet"), _("Train a model first; it appears here when it is done.")
            )
        which = gr.update(choices=choices, value=run.id if run else None, visible=bool(choices))
        return [title, which, *inside.show(draft)]

    return Page(
        "test",
        _("Test"),
        [head, which_run, *inside.outputs],
        show,
        [Wire(which_run.input, choose_run, [which_run]), *inside.wires],
        is_ready=lambda draft: run_with_model(services, draft) is not None,
        way_on=("share", _("Continue to sharing")),
        progress=progress,
        cancel=cancel,
    )


def run_with_model(services: Services, draft: Draft) -> Run | None:
    """The run that is open, where it can be tried."""
    run = services.store.find(draft.run) if draft.run else None
    return run if run is not None and services.states.of(run).has_model else None


# --- the pieces of the page, shown where a run is open --------------------------------------------


def build_trial(services: Services) -> tuple[Section, list[Block], gr.HTML, gr.Button]:
    """One input and the answers to it; also the fields for it, where progress is shown, and Cancel."""
    with gr.Row(elem_classes="split-row"):
        with gr.Column(min_width=300):
            slots = build_slots()
            controls = build_controls()
            predict = gr.Button(_("Predict"), variant="primary", elem_id="predict")
        with gr.Column(min_width=300):
            progress = gr.HTML()
            cancel = gr.Button(_("Cancel"), size="sm", visible=False)
            answer = gr.HTML(elem_id="answer")
            own = gr.Button(_("Now with your own data"), variant="primary", visible=False, elem_id="own-data")
    inputs: list[Block] = [*(slot.widget for slot in slots), *(control.widget for control in controls)]
    others = others_than(set(inputs))

    def show(draft: Draft) -> list[Any]:
        run, asking = run_with_model(services, draft), last_asking(services, draft)
        task = task_of(run) if run else None
        return [
            *shown(slots, task, example_values(services, draft)),
            *shown_controls(controls, config_of(run) if run else None, services.shown_runs.get(draft.id) != draft.run),
            answer_html(asking, task),
            gr.update(visible=demos.current(draft) is not None and asking is not None),
        ]

    asks = [predict.click, *(listener for slot in slots for listener in slot.entry.asks(slot.widget))]
    wires = [
        *[Wire(listener, partial(try_input, services, slots, controls), inputs, draws=others) for listener in asks],
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
        Wire(own.click, demos.go_on_with_own, go="data"),
    ]
    return Section([*inputs, answer, own], show, wires), inputs, progress, cancel


def others_than(fields: set[Block]) -> Callable[[Any], bool]:
    """What is drawn when an answer comes: the fields belong to the person, who may have gone on meanwhile."""
    return lambda widget: widget not in fields


def trying(services: Services, listener: Any, fields: set[Block]) -> list[Wire]:
    """A click on an example: it stands in the fields at once, and is asked about."""
    return [
        Wire(listener, partial(show_example, services), event=True, draws=fields.__contains__),
        Wire(listener, partial(try_example, services), event=True, draws=others_than(fields), again=True),
    ]


def build_examples(services: Services, fields: set[Block]) -> Section:
    kept = _("They were kept out of the training. Click one to try it.")
    gr.HTML(drawn(heading, _("Test examples"), kept, level=3))
    examples = PagedTable(
        page=partial(test_rows_page, services),
        rows_per_page=5,
        selectable=True,
        caption=_("Test examples"),
        elem_id="examples",
    )
    return Section([examples], lambda draft: [{"run": draft.run}], trying(services, examples.select, fields))


def build_many(services: Services, fields: set[Block]) -> Section:
    with gr.Accordion(_("Predict a whole file"), open=False, elem_id="many"):
        many = gr.File(elem_id="many-file", height=140)
        download = gr.HTML(elem_id="many-download")

    def show(draft: Draft) -> list[Any]:
        """The field is emptied where its file was for another run; else it is left alone: perhaps one is on its way."""
        run = services.store.find(draft.run) if draft.run else None
        task, link = task_of(run) if run else None, download_html(services, draft)
        label = INPUTS[task.inputs[0].kind].many if task else ""
        former, services.shown_runs[draft.id] = services.shown_runs.get(draft.id), draft.run
        return [gr.update(label=label) if former in (None, draft.run) else gr.update(label=label, value=None), link]

    wire = Wire(many.upload, partial(try_file, services), [many], draws=others_than(fields))
    return Section([many, download], show, [wire])


def build_quality(services: Services, fields: set[Block]) -> Section:
    """Scores, their figures, and the examples behind the chosen element of a figure."""
    title = gr.HTML()
    numbers = gr.HTML(elem_id="test-metrics")
    with gr.Row(elem_classes="split-row"):
        with gr.Column(scale=3, min_width=320):
            views = Figures(opens="behind", elem_id="views")
        with gr.Column(scale=2, min_width=300, elem_id="behind"):
            behind_title = gr.HTML(elem_id="behind-title")
            behind = PagedTable(
                page=partial(test_rows_page, services),
                rows_per_page=8,
                selectable=True,
                caption=_("Examples behind the choice"),
                elem_id="behind-examples",
            )
    wires = [
        *trying(services, behind.select, fields),
        Wire(views.select, choose_mark, event=True, draws=others_than(fields)),
    ]
    outputs = [title, numbers, views, behind_title, behind]

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        return show_scores(run, draft) if run else [gr.skip()] * len(outputs)

    return Section(outputs, show, wires)


# --- drawing ------------------------------------------------------------------------------------


def test_rows_page(services: Services, query: dict[str, Any]) -> dict[str, Any]:
    return rows_page(services.store, query)


def example_values(services: Services, draft: Draft) -> Mapping[str, str]:
    """What the fields show of a clicked example, by column; what the person typed stays as it is."""
    example = services.examples.get(draft.id)
    return example.cells if example is not None and example.run == draft.run else {}


def download_html(services: Services, draft: Draft) -> str:
    path = predictions_file(services, draft, str(draft.run))
    if not draft.run or not path.is_file():
        return ""
    return download_link(file_url(path), _("Download {file}", file="predictions.csv"))


def show_scores(run: Run, draft: Draft) -> list[Any]:
    """The test metrics, their views, and the examples behind the chosen element of one: what `build_quality` draws."""
    found = stored_scores(run).get("test")
    if not found or not found["metrics"]:
        return [heading(_("How good is it?"), _("This run has no test results.")), "", None, "", None]
    how = _("Click an element of a figure to see them.")
    behind: list[Any] = [heading(_("Examples behind a figure"), how, level=3), None]
    if draft.mark:
        behind = [
            heading(mark_words(draft.mark), _("The test examples for which this holds."), level=3),
            {"run": run.id, "mark": draft.mark},
        ]
    words = plural(
        "On {n:,} test example, which was kept out of the training.",
        "On {n:,} test examples, which were kept out of the training.",
        count_test_rows(run),
    )
    return [
        heading(_("How good is it?"), words),
        scores_html(found),
        figures(found["views"], draft.mark),
        *behind,
    ]


def scores_html(found: dict[str, Any]) -> str:
    """The metrics of a split, and below them what has to be known beside them."""
    said = "".join(notice("info", sentence) for sentence in remarks(found))
    return metric_cards(score_cards(found["metrics"], intervals(found))) + said


def score_cards(metrics: dict[str, float], worth: Mapping[str, Interval]) -> list[dict[str, str]]:
    """The metrics in the order of their registry, others behind them, each with what it says and is worth."""
    known = [name for name in METRICS.names if name in metrics]
    names = [*known, *(name for name in metrics if name not in known)]
    return [
        {
            "label": metric.title,
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


def choose_run(draft: Draft, run_id: str) -> Draft:
    return draft.change(run=run_id, mark=None)


def choose_mark(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(mark=str(event["mark"]))


def open_run(services: Services, draft: Draft) -> tuple[Run, Task]:
    run = services.store.find(draft.run) if draft.run else None
    task = task_of(run) if run else None
    if run is None or task is None:
        raise StudioError(_("There is no run to try."), _("None is chosen."), _("Choose one above."))
    return run, task


def try_input(
    services: Services, slots: Sequence[Slot], controls: Sequence[Control], draft: Draft, *values: Any
) -> Generator[str, None, Draft]:
    run, task = open_run(services, draft)
    services.examples.pop(draft.id, None)
    config = config_of(run)
    options = given_controls(controls, config, values[len(slots) :]) if config else {}
    return (yield from ask(services, draft, run, task, given(slots, task, values[: len(slots)]), {}, options))


def show_example(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    run, task = open_run(services, draft)
    services.examples[draft.id] = Example(run.id, cells_of(event, run, task))
    return draft


def try_example(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    run, task = open_run(services, draft)
    known = sent(sent(event["row"])["cells"])
    truth = {column.name: known[column.name] for column in task.targets if column.name in known}
    return (yield from ask(services, draft, run, task, cells_of(event, run, task), truth))


def cells_of(event: dict[str, Any], run: Run, task: Task) -> dict[str, str]:
    """What is asked about an example, by column."""
    known, imported = sent(sent(event["row"])["cells"]), imported_of(run)
    return {
        column.name: INPUTS[column.kind].of_example(known[column.name], imported)
        for column in task.inputs
        if column.name in known
    }


def try_file(services: Services, draft: Draft, path: str | None) -> Generator[str, None, Draft]:
    run, _task = open_run(services, draft)
    return (yield from answer_file(services, draft, run, path)) if path else draft
