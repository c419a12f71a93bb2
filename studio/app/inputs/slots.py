"""Places for the inputs of any task: Gradio builds a page once, before anybody has chosen a run.

A place holds a widget of every kind that some task asks for there; those of the chosen run's task are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block

from studio.app.inputs import INPUTS
from studio.app.inputs.base import Input, title_of
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.errors import StudioError
from studio.language import _
from studio.store import Run
from studio.tasks import TASKS
from studio.tasks.base import Task


@dataclass(frozen=True)
class Slot:
    """One widget: the how many-th input of a task it is for, and of which field."""

    place: int
    entry: Input
    widget: Block

    def column(self, task: Task | None) -> Column | None:
        """The input of the task that this widget is for, if it is for one."""
        inputs = task.inputs if task else ()
        column = inputs[self.place] if self.place < len(inputs) else None
        return column if column is not None and column.kind == self.entry.name else None


def build_slots() -> list[Slot]:
    """The widgets, hidden, where they are called for in the layout."""
    slots = []
    for place in range(max(len(task.inputs) for task in TASKS)):
        for kind in dict.fromkeys(task.inputs[place].kind for task in TASKS if place < len(task.inputs)):
            elem_id = f"try-{kind}" + (f"-{place + 1}" if place else "")
            slots.append(Slot(place, INPUTS[kind], INPUTS[kind].widget(elem_id)))
    return slots


def shown(
    slots: Sequence[Slot], task: Task | None, values: Mapping[str, str] | None, run: Run | None = None
) -> list[dict[str, Any]]:
    """Updates of the widgets. values: by column name, where something other than what was typed is to be shown."""
    updates = []
    for slot in slots:
        column = slot.column(task)
        if task is None or column is None:
            updates.append(gr.update(visible=False))
            continue
        title = title_of(column, slot.entry, len(task.inputs) == 1)
        update = slot.entry.update(run, (values or {}).get(column.name))
        updates.append(gr.update(visible=True, label=title, **update))
    return updates


def given(slots: Sequence[Slot], task: Task, values: Sequence[Any]) -> dict[str, str]:
    """Cells by column name, from what the widgets hold. Raises StudioError for an input that is empty."""
    cells = {}
    for slot, value in zip(slots, values, strict=True):
        column = slot.column(task)
        if column is None:
            continue
        cell = slot.entry.cell(value)
        if not cell and column.required:
            raise StudioError(_("There is nothing to ask about."), FIELDS[column.kind].missing, slot.entry.what_to_do)
        cells[column.name] = cell
    return {name: cell for name, cell in cells.items() if cell}
