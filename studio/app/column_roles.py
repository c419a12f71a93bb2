"""Which column of the data is what the task asks for: a section of the Data page."""

from functools import partial
from typing import Any

import gradio as gr

from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire
from studio.data.fields import FIELDS
from studio.data.guessing import guess_columns
from studio.data.split_names import COLUMN_NAMES
from studio.tasks import TASKS


def roles_of_columns(services: Services) -> Section:
    """A list for each role; those of images, of recordings and of what is not in the data are hidden."""
    with gr.Row():
        slots = max(len(task.columns) for task in TASKS)
        columns = [gr.Dropdown(interactive=True, elem_id=f"column-{n}") for n in range(slots)]

    def show(draft: Draft) -> list[Any]:
        imported = services.datasets.require_imported(draft)
        names = services.datasets.columns(draft)
        shown: list[Any] = [gr.update(visible=False)] * slots
        roles = TASKS[draft.task].columns if draft.task else ()
        usable = [name for name in imported.columns if name != imported.stored and name.lower() not in COLUMN_NAMES]
        guessed = guess_columns(imported, roles)
        for index, role in enumerate(roles):
            to_choose = not imported.stored or (role.kind != imported.stored and len(usable) > 1)
            field = FIELDS[role.kind]
            missed = role.name not in guessed and not field.absent and not field.gathers
            shown[index] = gr.update(
                visible=to_choose if role.name in guessed else missed,
                label=role.title,
                info=role.help,
                choices=list(imported.columns),
                value=names.get(role.name),
            )
        return shown

    wires = [Wire(each.input, partial(choose, services, n), [each]) for n, each in enumerate(columns)]
    return Section(columns, show, wires)


def choose(services: Services, index: int, draft: Draft, column: str | None) -> Draft:
    """A list also tells of itself when the focus leaves it: what nobody chose stays a guess, and is asked about."""
    roles = TASKS[draft.task].columns if draft.task else ()
    now = services.datasets.columns(draft).get(roles[index].name) if index < len(roles) else None
    return draft if column == now else map_columns(index, draft, column)


def map_columns(index: int, draft: Draft, column: str | None) -> Draft:
    roles = TASKS[draft.task].columns if draft.task else ()
    if index >= len(roles):
        return draft
    path = f"data.columns.{roles[index].name}"
    return draft.configure({path: column}) if column else draft.without(path)
