"""The test examples that were predicted wrongly, the most confident first: a section of the Test page."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from components.notices import heading
from components.tables import PagedTable
from studio.app.answers import ANSWERS
from studio.app.asking import run_with_model
from studio.app.correcting import for_the_next_run, looked_at, not_learned
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire, hint, joined
from studio.app.results import count_mistakes, rows_page, task_of
from studio.app.sent import sent
from studio.language import _, plural
from studio.store import Run
from studio.tasks.base import WRONG, Task
from studio.tasks.results import mark_words


def mistakes(services: Services) -> tuple[Section, set[Block]]:
    """The section, and the fields in which an example is corrected."""
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
                one, fields = looked_at(services)
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
    return joined(Section([folded, title, every, table], show, wires), one, next_run), fields


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


# --- changing the draft ---------------------------------------------------------------------------


def look_at(draft: Draft, event: dict[str, Any]) -> Draft:
    row = sent(event["row"]).get("row")
    return draft.change(example=row if isinstance(row, int) else None)
