"""The test examples that were predicted wrongly, the most confident first, and correcting the data where it is the
data that is wrong: a section of the Test page."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.changes import Changes
from components.message import Message
from components.notices import heading, notice
from components.tables import PagedTable
from components.words import drawn, escape
from studio.app.answers import ANSWERS, Asked
from studio.app.asking import open_run, run_with_model
from studio.app.drafts import Draft
from studio.app.fixes import CLEANING, undo
from studio.app.fixes import shown as chips
from studio.app.inputs import INPUTS
from studio.app.inputs.base import FileInput
from studio.app.pages import Place, Section, Services, Wire, hint, joined
from studio.app.paging import file_url
from studio.app.results import AnsweredRow, classes_of, count_mistakes, imported_of, row_of, rows_page, task_of
from studio.app.runs import config_of, start_run, with_settings
from studio.app.sent import sent
from studio.data.cleaning import CleaningOptions, corrected_rows
from studio.data.columns import Column
from studio.data.corrections import Correction, content_of
from studio.errors import StudioError
from studio.language import _, plural
from studio.store import Run
from studio.tasks.base import WRONG, Task
from studio.tasks.results import mark_words

MOST_SHOWN = 2000  # letters of a text beside its answer


def mistakes(services: Services) -> Section:
    with gr.Accordion(_("Mistakes"), open=False, visible=False, elem_id="mistakes") as folded:
        title = gr.HTML(elem_id="behind-title")
        every = gr.Button(_("Show all mistakes"), size="sm", visible=False, elem_id="all-mistakes")
        with gr.Row(elem_classes="split-row"):
            with gr.Column(scale=3, min_width=320):
                table = PagedTable(
                    page=lambda query: rows_page(services.store, query),
                    rows_per_page=8,
                    selectable=True,
                    opens="behind",
                    caption=_("Mistakes"),
                    elem_id="behind-examples",
                )
            with gr.Column(scale=2, min_width=300, elem_id="behind"):
                one = looked_at(services)
        next_run = for_the_next_run(services)

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        task = task_of(run) if run else None
        if run is None or task is None or not run.test_rows_file.is_file():
            return [gr.update(visible=False), "", gr.update(visible=False), None]
        marks, words, label = what_is_shown(run, task, draft.mark)
        opened: dict[str, Any] = {"open": True} if draft.mark or draft.example is not None else {}
        query = {"run": run.id, "ranked": True, **marks}
        rows = gr.update(value=query, visible=bool(words))
        there = words or opened or not_learned(run, draft.data.cleaning).corrections
        return [gr.update(visible=bool(there), label=label, **opened), words, gr.update(visible=bool(draft.mark)), rows]

    wires = [
        Wire(every.click, lambda draft: draft.change(mark=None, example=None)),
        Wire(table.select, look_at, event=True, draws=lambda widget: widget is not table),
    ]
    return joined(Section([folded, title, every, table], show, wires), one, next_run)


def what_is_shown(run: Run, task: Task, mark: str | None) -> tuple[dict[str, str], str, str]:
    """Of the examples: which ones the table asks for, what stands over it ("" where there are none), and what stands
    on the fold."""
    if ANSWERS[task.answer_kind].is_more_or_less:
        of_all, label, order = {}, _("The largest errors"), _("The largest errors come first.")
    else:
        count = count_mistakes(run)
        label = plural("{n:,} mistake", "{n:,} mistakes", count) if count else _("No mistakes")
        of_all, order = {"mark": WRONG}, _("The ones that the model was most sure of come first.")
    if mark:
        return (
            {"mark": mark},
            heading(mark_words(mark), _("The test examples behind what you clicked."), level=3),
            label,
        )
    if of_all and not count:
        return of_all, "", label
    how = _("Choose a row to look at it, and to correct the data where it is the data that is wrong.")
    return of_all, hint(order) + hint(how), label


def looked_at(services: Services) -> Section:
    """The chosen example with its answer, and what can be done about its data."""
    shown = gr.HTML(elem_id="looked-at")
    message = Message(elem_id="correct-message")
    with gr.Column(visible=False, elem_id="correct") as ways:
        gr.HTML(drawn(heading, _("Is the data wrong?"), _("Correct it here for the next run."), level=4))
        label = gr.Dropdown(label=_("The right label"), interactive=True, elem_id="right-label")
        with gr.Row(elem_classes="button-row"):
            save = gr.Button(_("Correct the label"), elem_id="correct-label", min_width=140)
            leave_out = gr.Button(_("Leave this row out"), elem_id="leave-out", min_width=140)
    with gr.Column(visible=False) as other_data:
        gr.HTML(drawn(hint, _("This run learned from different data from what is chosen now.")))
        adopt = gr.Button(_("Choose this run's data and settings"), size="sm", elem_id="adopt-run")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        task = task_of(run) if run else None
        row = row_of(run, task, draft.example) if run and task else None
        if run is None or task is None or row is None:
            return ["", "", *[gr.update(visible=False)] * 5]
        classes = classes_of(run, task) if label_column(task) else ()
        is_own = services.may_change(run)
        matches = is_of_this_data(draft, run, task)
        return [
            row_html(run, task, row, draft.data.cleaning),
            "",
            gr.update(visible=is_own and matches),
            gr.update(choices=list(classes), value=str(row.answer.value), visible=bool(classes))
            if classes
            else gr.update(visible=False),
            gr.update(visible=bool(classes)),
            gr.update(visible=True),
            gr.update(visible=is_own and not matches),
        ]

    place = Place(message)
    wires = [
        Wire(save.click, partial(correct, services), [label], place=place),
        Wire(leave_out.click, partial(correct, services), place=place),
        Wire(adopt.click, partial(adopt_run, services), place=place),
    ]
    return Section([shown, message, ways, label, save, leave_out, other_data], show, wires)


def for_the_next_run(services: Services) -> Section:
    """The corrections so far, each of which can be undone, and the way to a run with them."""
    with gr.Column(visible=False, elem_id="corrected") as shown:
        words = gr.HTML(elem_id="corrected-words")
        done = Changes(title=_("For the next run:"), press=_("Undo"), press_all=_("Undo all"), elem_id="corrections")
        message = Message()
        again = gr.Button(_("Train again with these"), variant="primary", elem_id="train-corrected")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        made = not_learned(run, draft.data.cleaning).corrections
        task = task_of(run) if run else None
        there = run is not None and task is not None and is_of_this_data(draft, run, task)
        said = plural("{n:,} row is corrected.", "{n:,} rows are corrected.", len(made))
        return [
            gr.update(visible=bool(made) and there),
            notice("good", said, _("The next run learns from the corrected data; this one stays as it is.")),
            chips(corrected_rows(not_learned(run, draft.data.cleaning))),
            "",
        ]

    def begin(draft: Draft) -> Draft:
        return start_run(services, draft).change(mark=None, example=None)

    wires = [
        Wire(done.select, partial(undo_correction, services), event=True),
        Wire(again.click, begin, go="train", place=Place(message)),
    ]
    return Section([shown, words, done, message], show, wires)


# --- drawing ------------------------------------------------------------------------------------


def row_html(run: Run, task: Task, row: AnsweredRow, cleaning: CleaningOptions) -> str:
    """The example, its answer as the test found it, and the right one."""
    kind = ANSWERS[task.answer_kind]
    try:
        cells = shown_cells(run, task, row)
    except StudioError as error:
        return notice("warning", _("Row {row} cannot be shown.", row=row.row), str(error))
    truth = {column.name: row.cells[column.name] for column in task.targets if column.name in row.cells}
    asked = Asked(task.columns, cells, truth, classes_of(run, task))
    title = heading(_("Row {row}", row=row.row), kind.truth(asked), level=4)
    given = "" if kind.shows_input else "".join(map(partial(input_html, cells), task.inputs))
    done = next((each.value for each in corrected_rows(not_learned(run, cleaning)) if each.key == f"row:{row.row}"), "")
    state = hint(_("In the next run: {change}.", change=done)) if done else ""
    return f'<div class="looked-at">{title}{given}{kind.html(row.answer, None, asked)}{state}</div>'


def shown_cells(run: Run, task: Task, row: AnsweredRow) -> dict[str, str]:
    """The inputs; of an image its path. Raises StudioError where its file is gone."""
    imported = imported_of(run)
    return {
        column.name: INPUTS[column.kind].of_example(row.cells[column.name], imported)
        for column in task.inputs
        if column.name in row.cells
    }


def input_html(cells: Mapping[str, str], column: Column) -> str:
    cell = cells.get(column.name, "")
    if not cell:
        return ""
    if isinstance(INPUTS[column.kind], FileInput):
        return f'<img class="looked-at-image" src="{escape(file_url(Path(cell)))}" alt="{escape(column.title)}">'
    return f'<blockquote class="looked-at-text">{escape(cell[:MOST_SHOWN])}</blockquote>'


def label_column(task: Task) -> str:
    """The target that holds one class a row, or ""."""
    return next((column.name for column in task.targets if column.kind == "label"), "")


def is_of_this_data(draft: Draft, run: Run, task: Task) -> bool:
    """Whether the choices of the draft are about the rows that the run learned from."""
    return run.dataset is not None and draft.dataset == run.dataset and draft.task == task.name


def not_learned(run: Run | None, cleaning: CleaningOptions) -> CleaningOptions:
    """With those corrections alone that the run has not learned from: they are for the next one."""
    config = config_of(run) if run else None
    learned = config.data.cleaning.corrections if config else ()
    left = tuple(each for each in cleaning.corrections if each not in learned)
    return cleaning.model_copy(update={"corrections": left})


# --- changing the draft ---------------------------------------------------------------------------


def look_at(draft: Draft, event: dict[str, Any]) -> Draft:
    row = sent(event["row"]).get("row")
    return draft.change(example=row if isinstance(row, int) else None)


def correct(services: Services, draft: Draft, *labels: str | None) -> Draft:
    """Give the row that is looked at another label for the next run, or without one leave it out."""
    run, task = open_run(services, draft)
    services.check_owner(run)
    row = row_of(run, task, draft.example)
    if row is None or not is_of_this_data(draft, run, task):
        raise StudioError(
            _("This row cannot be corrected now."),
            _("The choices are for other data than what this run learned from."),
            _("Choose this run's data and settings first."),
        )
    label = labels[0] if labels else None
    if labels and (not label or label == row.cells.get(label_column(task))):
        raise StudioError(
            _("The data says so already."), _("Its label is '{label}'.", label=label or ""), _("Choose another label.")
        )
    first = row.cells.get(task.inputs[0].name, "")
    correction = Correction(row=row.row, content=content_of(first), label=label)
    return with_cleaning(draft, draft.data.cleaning.corrected(correction))


def undo_correction(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """Without one correction, or without any that is shown; other choices about the rows stay."""
    if event["key"]:
        return undo(draft, event)
    run, _task = open_run(services, draft)
    cleaning = draft.data.cleaning
    shown = not_learned(run, cleaning).corrections
    kept = tuple(each for each in cleaning.corrections if each not in shown)
    return with_cleaning(draft, cleaning.model_copy(update={"corrections": kept}))


def with_cleaning(draft: Draft, cleaning: CleaningOptions) -> Draft:
    return draft.configure({CLEANING: cleaning.model_dump(mode="json")})


def adopt_run(services: Services, draft: Draft) -> Draft:
    run, _task = open_run(services, draft)
    return with_settings(services, draft, run).change(run=run.id, example=draft.example)
