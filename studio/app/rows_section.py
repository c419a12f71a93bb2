"""The rows as they were read, and what is used of them: two sections of the Data page."""

from typing import Any

import gradio as gr

from components.notices import heading, notice
from components.tables import PagedTable
from studio.app.cells.overview import overview_of
from studio.app.class_names import naming_classes
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, joined, told
from studio.errors import StudioError
from studio.language import _
from studio.tasks import TASKS


def preview(services: Services) -> Section:
    """The rows as they were read."""
    title = gr.HTML()
    table = PagedTable(
        page=lambda query: services.datasets.preview(query), rows_per_page=12, caption=_("Rows"), elem_id="preview"
    )

    def show(draft: Draft) -> list[Any]:
        # columns of another role are drawn differently
        query = {"draft": draft.id, "dataset": draft.dataset, "columns": services.datasets.columns(draft)}
        return [heading(_("Preview"), level=3), query]

    return Section([title, table], show, [])


def unusable(services: Services) -> Section:
    """Why the rows cannot be used, beside the columns that it speaks of."""
    trouble = gr.HTML(visible=False, elem_id="unusable")

    def show(draft: Draft) -> list[Any]:
        try:
            services.datasets.assembled(draft)
        except StudioError as error:
            return [gr.update(value=told(error), visible=True)]
        return [gr.update(value="", visible=False)]

    return Section([trouble], show, [])


def at_a_glance(services: Services) -> Section:
    """What the usable rows hold, such as how many examples each class has, folded under its sum."""
    with gr.Accordion(_("Examples"), open=False, elem_id="glance") as box:
        counts = gr.HTML(elem_id="class-counts")
        names = naming_classes(services)

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        if assembled is None:
            return [gr.update(visible=False), ""]
        overview = overview_of(TASKS[str(draft.task)], assembled)
        summed = _("{what}: {sum}", what=overview.title, sum=overview.sentence)
        return [gr.update(label=summed, visible=True), overview.html]

    return joined(Section([box, counts], show, []), names)


def remarks(services: Services) -> Section:
    notes = gr.HTML()

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        return ["".join(notice("info", note) for note in assembled.notes) if assembled else ""]

    return Section([notes], show, [])
