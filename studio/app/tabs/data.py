"""2 Data: bring it, see what was found in it, and how it is read and split."""

from functools import partial
from typing import Any

import gradio as gr

from components.notices import notice
from components.progress import Progress
from studio.app import fixes, imports, questions
from studio.app.adding import adding_data
from studio.app.column_roles import roles_of_columns
from studio.app.columns_left_out import leaving_out
from studio.app.drafts import Draft
from studio.app.file_reading import reading_again
from studio.app.pages import Page, Section, Services, Wire, cancel_job, joined, sheltered
from studio.app.rows_section import at_a_glance, preview, remarks, unusable
from studio.app.split_section import refusal, splitting
from studio.app.undo import undoing
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _, plural


def build(services: Services) -> Page:
    """What was found comes first; how rows are counted, split and read is folded under a line each."""
    adding = joined(adding_data(services), undoing(imports.REPLACED))
    progress = Progress(elem_id="import-progress")
    cancel = gr.Button(_("Cancel"), elem_id="import-cancel", size="sm", visible=False)
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False, elem_id="data-details") as details:
        summary = gr.HTML(elem_id="data-summary")
        pieces = [
            questions.open_questions(services),
            roles_of_columns(services),
            unusable(services),
            leaving_out(services),
            fixes.problems(services),
            preview(services),
            at_a_glance(services),
            splitting(services),
            reading_again(services),
            remarks(services),
        ]

    def get_ready(draft: Draft) -> list[Any]:
        services.architectures.prefetch(draft)  # the next page counts with it
        services.forks.start()  # by the time that somebody presses Start, its imports are done
        return []

    def show_summary(draft: Draft) -> list[Any]:
        return [about_html(services.datasets.require_imported(draft))]

    ahead = Section([], get_ready, [Wire(cancel.click, partial(cancel_job, services))])
    imported = joined(Section([summary], show_summary, []), *pieces)
    inside = sheltered(trouble, details, imported, lambda draft: services.datasets.imported(draft) is not None)
    outputs, show, wires = joined(adding, ahead, inside)
    needs, way_on = partial(missing, services), ("strategy", _("Continue to strategy"))
    return Page("data", _("Data"), outputs, show, wires, needs, way_on=way_on, progress=progress, cancel=cancel)


def missing(services: Services, draft: Draft) -> str:
    """What the data still needs before a strategy can be chosen."""
    if services.datasets.imported(draft) is None:
        return _("Add some data first.")
    try:
        services.datasets.assembled(draft)
    except StudioError as error:
        return error.explanation.what
    return refusal(draft)


def about_html(imported: Imported) -> str:
    if imported.kind == "image":
        read = plural("{n:,} image was read.", "{n:,} images were read.", imported.rows)
    elif imported.kind == "audio":
        read = plural("{n:,} recording was read.", "{n:,} recordings were read.", imported.rows)
    else:
        read = plural("{n:,} row was read.", "{n:,} rows were read.", imported.rows)
    return notice("good", imported.title, read)
