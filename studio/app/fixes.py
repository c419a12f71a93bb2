"""Problems in the rows, and fixing them or undoing a fix: a section of the Data page."""

from functools import partial
from typing import Any

import gradio as gr

from components.changes import Changes, ChangesValue
from components.notices import heading, notice
from components.tables import PagedTable
from components.words import set_apart
from studio.app.cells import CELLS
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire, joined
from studio.app.undo import taken, undoing
from studio.data.assembly import Assembled
from studio.data.cleaning import Fix, Told, applied_fixes, apply_fix, as_written, available_fixes, undo_fix
from studio.data.corrections import Correction, shortened
from studio.errors import StudioError
from studio.language import _, sentences
from studio.tasks import TASKS
from studio.tasks.base import Task

CLEANING = "data.cleaning"  # the section of the run file that holds the fixes
PLACE = "fixes"


def problems(services: Services) -> Section:
    """The problems found in the rows, and the fixes for them."""
    title = gr.HTML(elem_id="dropped-title")
    cleared = undoing(PLACE)
    offered = Changes(title=_("Can be fixed:"), press=_("Fix"), press_all=_("Fix all"), sign="plus", elem_id="offered")
    fixed = Changes(title=_("Fixed:"), press=_("Undo"), press_all=_("Undo all"), elem_id="put-right")
    table = PagedTable(
        page=lambda query: services.datasets.problems(query),
        rows_per_page=8,
        caption=_("Problems found"),
        elem_id="dropped",
    )

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        if assembled is None:
            return ["", None, done(draft), gr.update(visible=False)]
        # another choice is another query
        query = {"draft": draft.id, "dataset": draft.dataset, "choices": draft.data.model_dump_json()}
        return [
            found_html(assembled, TASKS[str(draft.task)]),
            shown(offers(draft, assembled)),
            done(draft),
            gr.update(value=query, visible=bool(assembled.problems)),
        ]

    wires = [
        Wire(offered.select, partial(press, services), event=True),
        Wire(fixed.select, undo, event=True),
    ]
    return joined(cleared, Section([title, offered, fixed, table], show, wires))


def found_html(assembled: Assembled, task: Task) -> str:
    dropped = assembled.dropped
    left = {0, *(problem.row for problem in assembled.problems if problem.drops)}  # 0: what is said of no row
    remarked = len({problem.row for problem in assembled.problems} - left)
    noted = _("Used with a note: {examples}.", examples=task.counted(remarked)) if remarked else ""
    all_used = _("Everything can be used: {examples}.", examples=task.counted(len(assembled.table)))
    if not assembled.problems:
        return notice("good", all_used)
    if not dropped:
        return heading(_("Worth knowing"), sentences(all_used, noted))
    left_out = _("Left out, for the reason given: {examples}.", examples=task.counted(dropped))
    return heading(_("Problems found"), sentences(left_out, noted))


def offers(draft: Draft, assembled: Assembled) -> list[Fix]:
    """The fixes for the draft's rows."""
    return available_fixes(draft.data.cleaning, assembled.problems, assembled.class_sizes)


def shown(entries: list[Fix]) -> ChangesValue:
    """For `components.changes`."""
    return {"changes": [{"key": each.key, "title": set_apart(each.title), "value": each.value} for each in entries]}


def done(draft: Draft) -> ChangesValue:
    return shown(applied_fixes(draft.data.cleaning, told_for(TASKS[draft.task] if draft.task else None)))


def told_for(task: Task | None) -> Told:
    """What a correction puts in place, as the cells of its column are told in a few words."""
    kinds = {column.name: column.kind for column in task.columns} if task else {}

    def told(correction: Correction) -> str:
        if correction.column not in kinds:
            return as_written(correction)
        try:
            return shortened(CELLS[kinds[correction.column]].short(correction.label or ""))
        except StudioError:  # by a run file, say: the row is left out, with the reason
            return as_written(correction)

    return told


def fix(services: Services, draft: Draft, key: str = "") -> Draft:
    """The draft with one fix applied, or all of them."""
    assembled = services.datasets.assembled(draft)
    cleaning, counts = draft.data.cleaning, assembled.class_sizes
    for each in offers(draft, assembled):
        cleaning = apply_fix(cleaning, each.key, counts) if key in ("", each.key) else cleaning
    return draft.configure({CLEANING: cleaning.model_dump()})


def press(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return fix(services, draft, str(event["key"]))


def undo(draft: Draft, event: dict[str, Any]) -> Draft:
    """The draft without one fix, or without any."""
    key = str(event["key"])
    if not key:
        return taken(draft, draft.without(CLEANING), PLACE, _("All fixes were undone."))
    return draft.configure({CLEANING: undo_fix(draft.data.cleaning, key).model_dump()})
