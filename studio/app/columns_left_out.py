"""Which columns of a table the model does not read: a section of the Data page."""

from functools import partial
from typing import Any

import gradio as gr

from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire
from studio.data.fields import FIELDS
from studio.data.split_names import COLUMN_NAMES
from studio.language import _
from studio.tasks import TASKS

LEFT_OUT = "data.left_out"


def leaving_out(services: Services) -> Section:
    """Shown where a task reads whole rows. What was left out unasked stands there, to be taken in by a press."""
    columns = gr.Dropdown(
        label=_("Columns left out"),
        info=_("The model reads all others. Why a column is left out stands below."),
        multiselect=True,
        interactive=True,
        visible=False,
        elem_id="left-out",
    )

    def show(draft: Draft) -> list[Any]:
        imported = services.datasets.require_imported(draft)
        gathers = draft.task is not None and any(FIELDS[each.kind].takes_all for each in TASKS[draft.task].columns)
        if not gathers:
            return [gr.update(visible=False)]
        roles = set(services.datasets.columns(draft).values())
        free = [name for name in imported.columns if name not in roles and name.lower() not in COLUMN_NAMES]
        assembled = services.datasets.usable(draft)
        left_out = assembled.left_out if assembled else draft.data.left_out or ()
        chosen = [name for name in left_out if name in free]
        return [gr.update(visible=bool(free), choices=free, value=chosen)]

    return Section([columns], show, [Wire(columns.input, partial(leave_out, services), [columns])])


def leave_out(services: Services, draft: Draft, names: Any) -> Draft:
    """Whoever chooses the ones that were found chooses nothing: those of other data are then found again."""
    there = services.datasets.require_imported(draft).columns
    chosen = [name for name in there if name in (names or ())]
    found = services.datasets.usable(draft.without(LEFT_OUT))
    if found is not None and set(chosen) == set(found.left_out):
        return draft.without(LEFT_OUT)
    return draft.configure({LEFT_OUT: chosen})
