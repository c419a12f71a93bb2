"""The test example that is looked at, and correcting the data where it is the data that is wrong: sections of the Test
page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas
from gradio.blocks import Block

from components.changes import Changes
from components.message import Message
from components.notices import heading, notice
from components.words import drawn, escape
from studio.app.answers import ANSWERS, Asked
from studio.app.asking import open_run, run_with_model
from studio.app.cells import CELLS
from studio.app.drafts import Draft
from studio.app.editors import EDITORS
from studio.app.editors.base import Editor, Example
from studio.app.fixes import CLEANING, told_for, undo
from studio.app.fixes import shown as chips
from studio.app.inputs import INPUTS
from studio.app.inputs.base import FileInput
from studio.app.pages import Place, Section, Services, Wire, hint
from studio.app.paging import file_url
from studio.app.results import AnsweredRow, classes_of, imported_of, row_of, task_of
from studio.app.runs import config_of, start_run, with_settings
from studio.data.cleaning import ROW, CleaningOptions, corrected_rows
from studio.data.columns import Column
from studio.data.corrections import Correction, content_of
from studio.data.fields import FIELDS
from studio.data.findings import empty_cells, unusable_cells
from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _, listing, plural
from studio.store import Run
from studio.tasks import TASKS
from studio.tasks.base import Task

MOST_SHOWN = 2000  # letters of a text beside its answer


@dataclass(frozen=True)
class Entry:
    """A widget to correct one kind of cell in, of the how many-th column that is learned, and its editor."""

    place: int
    editor: Editor
    widget: Block

    def column(self, task: Task) -> Column | None:
        """What of the task's is corrected in it, if anything is."""
        columns = learned(task)
        column = columns[self.place] if self.place < len(columns) else None
        return column if column is not None and column.kind == self.editor.name else None


def build_entries() -> list[Entry]:
    """One for each kind of target of some task, hidden: Gradio builds a page once, before a run is chosen."""
    entries = []
    for place in range(max(len(learned(task)) for task in TASKS)):
        for kind in dict.fromkeys(learned(task)[place].kind for task in TASKS if place < len(learned(task))):
            elem_id = f"right-{kind}" + (f"-{place + 1}" if place else "")
            entries.append(Entry(place, EDITORS[kind], EDITORS[kind].widget(elem_id)))
    return entries


def learned(task: Task) -> tuple[Column, ...]:
    """What is corrected of an example: what is learned of it, which may be the input itself, and has an editor."""
    return tuple(column for column in task.targets or task.inputs[:1] if column.kind in EDITORS.names)


def looked_at(services: Services) -> tuple[Section, set[Block]]:
    """The chosen example with its answer, and what can be done about its data; the fields for it."""
    shown = gr.HTML(elem_id="looked-at")
    message = Message(elem_id="correct-message")
    with gr.Column(visible=False, elem_id="correct") as ways:
        gr.HTML(drawn(heading, _("Is the data wrong?"), _("Correct it here for the next run."), level=4))
        entries = build_entries()
        with gr.Row(elem_classes="button-row"):
            save = gr.Button(_("Correct the data"), elem_id="correct-data", min_width=140)
            leave = gr.Button(_("Leave this row out"), elem_id="leave-out", min_width=140)
    with gr.Column(visible=False) as other_data:
        gr.HTML(drawn(hint, _("This run learned from different data from what is chosen now.")))
        adopt = gr.Button(_("Choose this run's data and settings"), size="sm", elem_id="adopt-run")
    fields = [entry.widget for entry in entries]

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        task = task_of(run) if run else None
        row = row_of(run, task, draft.example) if run and task else None
        if run is None or task is None or row is None:
            return ["", "", *[gr.update(visible=False)] * (len(fields) + 2)]
        is_own, matches = services.may_change(run), is_of_this_data(draft, run, task)
        return [
            row_html(run, task, row, draft.data.cleaning),
            "",
            gr.update(visible=is_own and matches),
            *(entry_shown(entry, run, task, row, draft.data.cleaning) for entry in entries),
            gr.update(visible=is_own and not matches),
        ]

    place = Place(message)
    wires = [
        Wire(save.click, partial(correct, services, entries), fields, place=place),
        Wire(leave.click, partial(leave_out, services), place=place),
        Wire(adopt.click, partial(adopt_run, services), place=place),
    ]
    return Section([shown, message, ways, *fields, other_data], show, wires), set(fields)


def entry_shown(entry: Entry, run: Run, task: Task, row: AnsweredRow, cleaning: CleaningOptions) -> dict[str, Any]:
    column = entry.column(task)
    if column is None:
        return dict(gr.update(visible=False))
    update = entry.editor.shown(example_of(run, task, row, cleaning, column))
    return update if len(learned(task)) == 1 else {**update, "label": column.title}


def for_the_next_run(services: Services) -> Section:
    """The corrections so far, each of which can be undone, and the way to a run with them."""
    with gr.Column(visible=False, elem_id="corrected") as shown:
        words = gr.HTML(elem_id="corrected-words")
        done = Changes(title=_("For the next run:"), press=_("Undo"), press_all=_("Undo all"), elem_id="corrections")
        message = Message()
        again = gr.Button(_("Train again with these"), variant="primary", elem_id="train-corrected")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        left = not_learned(run, draft.data.cleaning)
        task = task_of(run) if run else None
        there = run is not None and task is not None and is_of_this_data(draft, run, task)
        said = plural("{n:,} row is corrected.", "{n:,} rows are corrected.", len(left.corrections))
        return [
            gr.update(visible=bool(left.corrections) and there),
            notice("good", said, _("The next run learns from the corrected data; this one stays as it is.")),
            chips(corrected_rows(left, told_for(task))),
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
    made = corrected_rows(not_learned(run, cleaning), told_for(task))
    key = f"{ROW}{row.row}"
    done = listing([each.value for each in made if each.key == key or each.key.startswith(f"{key}:")], "and")
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


def example_of(run: Run, task: Task, row: AnsweredRow, cleaning: CleaningOptions, column: Column) -> Example:
    """What the editor of a column shows of the row: as it was corrected, or else as the data has it."""
    made = correction_of(row, not_learned(run, cleaning), column)
    corrected = made.label if made else None
    below = CELLS[column.kind].over
    over = next((row.cells.get(each.name, "") for each in task.inputs if each.kind == below), "")
    cell = row.cells.get(column.name, "") if corrected is None else corrected
    return Example(cell, row.answer.value, over, classes_of(run, task), corrected is not None)


def correction_of(row: AnsweredRow, cleaning: CleaningOptions, column: Column) -> Correction | None:
    of_row = (each for each in cleaning.corrections if each.row == row.row)
    return next((each for each in of_row if each.column in ("", column.name)), None)


def is_of_this_data(draft: Draft, run: Run, task: Task) -> bool:
    """Whether the choices of the draft are about the rows that the run learned from."""
    return run.dataset is not None and draft.dataset == run.dataset and draft.task == task.name


def not_learned(run: Run | None, cleaning: CleaningOptions) -> CleaningOptions:
    """With those corrections alone that the run has not learned from: they are for the next one."""
    config = config_of(run) if run else None
    learned = set(config.data.cleaning.corrections if config else ())
    left = tuple(each for each in cleaning.corrections if each not in learned)
    return cleaning.model_copy(update={"corrections": left})


# --- changing the draft ---------------------------------------------------------------------------


def correct(services: Services, entries: Sequence[Entry], draft: Draft, *values: Any) -> Draft:
    """Give the row that is looked at another answer for the next run. values: what the fields of the entries hold."""
    run, task, row = open_row(services, draft)
    before = cleaning = draft.data.cleaning
    now: dict[str, str] = {}
    right: dict[str, str] = {}
    for entry, value in zip(entries, values, strict=True):
        column = entry.column(task)
        if column is None:
            continue
        example = example_of(run, task, row, before, column)
        cell = now[column.name] = encodable(entry.editor.cell(value, example))
        if not same(column, cell, row.cells.get(column.name, "")):
            right[column.name] = cell
        elif example.is_corrected:  # put back by hand
            cleaning = cleaning.without_correction(row.row, column.name)
    if not right and cleaning == before:
        raise StudioError(
            _("The data says so already."), _("It is the answer that the data has."), _("Change it first.")
        )
    check_cells(run, task, row, now)
    content = content_of(row.cells.get(task.inputs[0].name, ""))
    for name, cell in right.items():
        cleaning = cleaning.corrected(Correction(row=row.row, content=content, label=cell, column=name))
    return with_cleaning(draft, cleaning)


def leave_out(services: Services, draft: Draft) -> Draft:
    """Leave the row that is looked at out of the next run."""
    _run, task, row = open_row(services, draft)
    content = content_of(row.cells.get(task.inputs[0].name, ""))
    return with_cleaning(draft, draft.data.cleaning.corrected(Correction(row=row.row, content=content)))


def open_row(services: Services, draft: Draft) -> tuple[Run, Task, AnsweredRow]:
    """The row that is looked at. Raises StudioError where it cannot be corrected."""
    run, task = open_run(services, draft)
    services.check_owner(run)
    row = row_of(run, task, draft.example)
    if row is None or not is_of_this_data(draft, run, task):
        raise StudioError(
            _("This row cannot be corrected now."),
            _("The choices are for other data than what this run learned from."),
            _("Choose this run's data and settings first."),
        )
    return run, task, row


def check_cells(run: Run, task: Task, row: AnsweredRow, right: Mapping[str, str]) -> None:
    """Raises StudioError where the row would be left out with these cells. right: by column."""
    cells = {**row.cells, **{name: cell or None for name, cell in right.items()}}
    columns = [column for column in task.columns if column.name in right]
    table = pandas.DataFrame({"row": [row.row], **{each.name: [cells.get(each.name)] for each in task.columns}})
    table = table.astype({each.name: "str" for each in task.columns})
    imported = imported_of(run)
    files = imported.files if imported else None
    found = empty_cells(table, columns) or unusable_cells(table, columns, files) or task.check(table, files)
    against = next((each for each in found if each.drops and each.row), None)
    if against:
        raise StudioError(against.what, against.why, _("Correct it."))


def same(column: Column, one: str, other: str) -> bool:
    """Whether two cells mean the same."""
    field = FIELDS[column.kind]
    try:
        return bool(field.parse(one, None) == field.parse(other, None))
    except StudioError:
        return one == other


def undo_correction(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """Without one correction, or without any that is shown; other choices about the rows stay."""
    if event["key"]:
        return undo(draft, event)
    run, _task = open_run(services, draft)
    cleaning = draft.data.cleaning
    shown = set(not_learned(run, cleaning).corrections)
    kept = tuple(each for each in cleaning.corrections if each not in shown)
    return with_cleaning(draft, cleaning.model_copy(update={"corrections": kept}))


def with_cleaning(draft: Draft, cleaning: CleaningOptions) -> Draft:
    return draft.configure({CLEANING: cleaning.model_dump(mode="json")})


def adopt_run(services: Services, draft: Draft) -> Draft:
    run, _task = open_run(services, draft)
    return with_settings(services, draft, run).change(run=run.id, example=draft.example)
