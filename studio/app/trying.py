"""Trying one input, typed or picked among the test examples: a section of the Test page."""

from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from components.message import Message
from components.notices import heading
from components.progress import Progress
from components.tables import PagedTable
from components.words import drawn
from studio.app import demos
from studio.app.asking import answer_html, ask, cancel_questions, last_asking, open_run, run_with_model
from studio.app.drafts import Draft
from studio.app.inputs import INPUTS
from studio.app.inputs.controls import Control, build_controls, given_controls, shown_controls, shown_files
from studio.app.inputs.slots import Slot, build_slots, given, shown
from studio.app.pages import Place, Section, Services, Wire
from studio.app.results import imported_of, rows_page, task_of
from studio.app.runs import config_of
from studio.app.sent import check_lengths, sent
from studio.app.workspaces import Example
from studio.data.texts_file import texts_in
from studio.language import _
from studio.store import Run
from studio.tasks.base import Task


def trying_one(services: Services) -> tuple[Section, set[Block]]:
    """The section, and the fields for an input in it."""
    gr.HTML(drawn(heading, _("Try it"), _("The tuned model beside the one you started from.")))
    with gr.Row(elem_classes="split-row"):
        with gr.Column(min_width=300):
            slots = build_slots()
            controls = build_controls()
            predict = gr.Button(_("Predict"), variant="primary", elem_id="predict")
        with gr.Column(min_width=300):
            progress = Progress()
            cancel = gr.Button(_("Cancel"), size="sm", visible=False)
            message = Message(elem_id="question-message")
            answer = gr.HTML(elem_id="answer")
            own = gr.Button(_("Now with your own data"), variant="primary", visible=False, elem_id="own-data")
    gr.HTML(drawn(heading, _("Test examples"), _("They were kept out of the training. Click one to try it."), level=3))
    examples = PagedTable(
        page=lambda query: rows_page(services.store, query),
        rows_per_page=5,
        selectable=True,
        caption=_("Test examples"),
        elem_id="examples",
    )
    inputs: list[Block] = [*(slot.widget for slot in slots), *(control.widget for control in controls)]
    place = Place(message, progress, cancel)
    files = [control.file for control in controls if control.file]
    fields = {*inputs, *files}
    others = others_than(fields)

    def show(draft: Draft) -> list[Any]:
        run, asking = run_with_model(services, draft), last_asking(services, draft)
        task, config = task_of(run) if run else None, config_of(run) if run else None
        is_new, brought = services.shown_runs.get(draft.id) != draft.run, services.brought.pop(draft.id, {})
        return [
            *shown(slots, task, example_values(services, draft), run),
            *shown_controls(controls, config, is_new, brought),
            *shown_files(controls, config),
            "",
            answer_html(asking, task),
            gr.update(visible=demos.current(draft) is not None and asking is not None),
            {"run": draft.run},
        ]

    asks = [predict.click, *(listener for slot in slots for listener in slot.entry.asks(slot.widget))]
    asking = partial(try_input, services, slots, controls=controls)
    wires = [
        *[Wire(listener, asking, inputs, draws=others, place=place) for listener in asks],
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
        Wire(own.click, demos.go_on_with_own, go="data"),
        *picking(services, examples.select, fields, place),
    ]
    for control in controls:
        if control.file:
            taking = partial(take_lines, services, control.name)
            wires.append(Wire(control.file.upload, taking, [control.file], draws=fields.__contains__, place=place))
    return Section([*inputs, *files, message, answer, own, examples], show, wires), fields


def others_than(fields: set[Block]) -> Callable[[Any], bool]:
    """What is drawn when an answer comes: the fields belong to the person, who may have gone on meanwhile."""
    return lambda widget: widget not in fields


def picking(services: Services, listener: Any, fields: set[Block], place: Place) -> list[Wire]:
    """A click on an example: it stands in the fields at once, and is asked about."""
    return [
        Wire(listener, partial(show_example, services), event=True, draws=fields.__contains__, place=place),
        Wire(listener, partial(try_example, services), event=True, draws=others_than(fields), again=True, place=place),
    ]


def example_values(services: Services, draft: Draft) -> Mapping[str, str]:
    """What the fields show of a clicked example, by column; what the person typed stays as it is."""
    example = services.examples.get(draft.id)
    return example.cells if example is not None and example.run == draft.run else {}


# --- changing the draft ---------------------------------------------------------------------------


def try_input(
    services: Services, slots: Sequence[Slot], draft: Draft, *values: Any, controls: Sequence[Control] = ()
) -> Generator[str, None, Draft]:
    """values: what the fields of the slots hold, and behind them those of the controls."""
    run, task = open_run(services, draft)
    services.examples.pop(draft.id, None)
    cells, config = given(slots, task, values[: len(slots)]), config_of(run)
    options = given_controls(controls, config, values[len(slots) :]) if config else {}
    return (yield from ask(services, draft, run, task, cells, {}, options))


def take_lines(services: Services, name: str, draft: Draft, path: str | None) -> Draft:
    """What the field for a setting then holds: the texts of a file, a line each."""
    if path:
        try:
            lines = "\n".join(texts_in(Path(path), services.limits))
        finally:
            Path(path).unlink(missing_ok=True)  # the upload's temporary copy
        check_lengths([lines])
        services.brought[draft.id] = {name: lines}
    return draft


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
