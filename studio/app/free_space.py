"""What takes room, and removing of it for good what nobody needs any more: a section of the Runs page."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from components.notices import notice
from components.tables import simple_table
from studio.app.clicks import QUIET
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, Wire, hint, told
from studio.disk_space import KINDS, Found, Kind, empty, used_by
from studio.errors import StudioError
from studio.language import _, listing
from studio.room import megabytes

COLUMNS = (
    {"key": "title", "title": _("What")},
    {"key": "bytes", "title": _("Size")},
    {"key": "removable", "title": _("Can be removed")},
    {"key": "sentence", "title": _("What it is")},
)


def free_space(services: Services) -> Section:
    """Nothing is measured until somebody unfolds it: a large home has many files."""
    emptied = [(kind.title, kind.name) for kind in KINDS if kind.can_be_emptied]
    with gr.Accordion(_("Free space"), open=False, elem_id="free-space") as box:
        table = gr.HTML(elem_id="space-used")
        chosen = gr.CheckboxGroup(emptied, label=_("What to remove"), interactive=True, elem_id="space-chosen")
        ask = gr.Button(_("Remove for good"), variant="stop", elem_id="space-remove", min_width=160)
        with gr.Row(visible=False, elem_id="space-confirm") as question:
            words = gr.HTML()
            yes = gr.Button(_("Yes, remove for good"), variant="stop", elem_id="space-remove-yes", min_width=160)
            no = gr.Button(_("Keep it"), elem_id="space-remove-no", min_width=120)
        said = gr.HTML(elem_id="space-said")
    listed = [table, chosen, question, said]
    box.expand(partial(look, services), None, listed, queue=False, **QUIET)
    ask.click(question_about, [chosen], [question, words, said], queue=False, **QUIET)
    no.click(partial(gr.update, visible=False), None, [question], queue=False, **QUIET)
    removed = yes.click(partial(remove, services), [chosen], listed, queue=False, **QUIET)
    return Section([], lambda draft: [], [Wire(removed.then, drawn_anew)])


def drawn_anew(draft: Draft) -> Draft:
    """The lists of the page, which no longer offer what is gone."""
    return draft


def look(services: Services) -> list[Any]:
    """The table, the kinds to choose from, no question, and what is to be said."""
    try:
        used = used_by(services.home)
    except StudioError as error:
        return ["", gr.skip(), gr.update(visible=False), told(error)]
    choices = [(kind.title, kind.name) for kind, found in used if found.removable]
    return [used_html(used), gr.update(choices=choices, value=[]), gr.update(visible=False), reasons_html(used)]


def used_html(used: Sequence[tuple[Kind, Found]]) -> str:
    total = megabytes(sum(found.bytes for _kind, found in used))
    rows = [
        {
            "title": kind.title,
            "bytes": megabytes(found.bytes),
            "removable": megabytes(found.removable_bytes) if kind.can_be_emptied else "-",
            "sentence": kind.sentence,
        }
        for kind, found in used
    ]
    sentence = _("What projects, runs and deleted runs need is never among what can be removed.")
    return hint(sentence) + simple_table(COLUMNS, rows, caption=_("{total} in use", total=total), stacks=True)


def reasons_html(used: Sequence[tuple[Kind, Found]]) -> str:
    return "".join(
        notice("warning", _("{title} cannot be removed.", title=kind.title), found.kept)
        for kind, found in used
        if found.kept
    )


def question_about(names: list[str] | None) -> list[Any]:
    if not names:
        return [gr.update(visible=False), "", notice("info", _("Choose what to remove."))]
    kinds = listing(KINDS[str(name)].title for name in names)
    return [gr.update(visible=True), hint(_("Really? It cannot be undone: {kinds}.", kinds=kinds)), ""]


def remove(services: Services, names: list[str] | None) -> list[Any]:
    """As `look`, afterwards."""
    try:
        removed = empty(services.home, names or [])
    except StudioError as error:
        return [*look(services)[:3], told(error)]
    *listed, reasons = look(services)
    return [*listed, notice("warning" if removed.troubles else "good", removed.sentence) + reasons]
