"""Runs: what was trained so far. Open, compare, rename, start again from its settings, delete and restore."""

from functools import partial
from itertools import islice
from typing import Any

import gradio as gr

from components.notices import heading
from studio.app import undo
from studio.app.access.person import current_person
from studio.app.access.sessions import Sessions
from studio.app.clicks import QUIET
from studio.app.drafts import Draft
from studio.app.free_space import free_space
from studio.app.labels import editing
from studio.app.pages import Page, Section, Services, Wire, joined
from studio.app.run_comparison import comparison
from studio.app.run_list import all_runs, run_sentence
from studio.app.runs import MOST_OFFERED, with_settings
from studio.app.sent import sent
from studio.app.sharing import shared_with
from studio.app.trash import trash
from studio.app.workspaces import homes_of_people
from studio.errors import StudioError
from studio.language import _
from studio.store import Run

PAGE = "runs"


def build(services: Services) -> Page:
    bring_back = partial(restore_run, services)
    pieces = joined(
        whose(services),
        all_runs(services, pick),
        undo.undoing(PAGE, bring_back),
        shown_by_others(services),
        detail(services),
        comparison(services),
        trash(PAGE, _("Deleted runs"), partial(deleted_runs, services), bring_back),
        free_space(services),
    )
    return Page(PAGE, _("Runs"), *pieces, is_step=False)


def whose(services: Services) -> Section:
    """For an administrator: the workspace that the whole page looks into."""
    workspace = gr.Dropdown(label=_("Workspace"), interactive=True, visible=False, elem_id="workspace")
    chosen = workspace.input(partial(look_into, services), [workspace], None, queue=False, **QUIET)
    chosen.then(None, js="() => location.reload()")

    def show(draft: Draft) -> list[Any]:
        person = current_person()
        names = [home.root.name for home in homes_of_people(services.server)] if person.is_admin else []
        choices = [(_("My own"), ""), *((name, name) for name in names)]
        return [
            gr.update(choices=choices, value=person.workspace if names else "", visible=bool(names and person.session))
        ]

    return Section([workspace], show, [])


def shown_by_others(services: Services) -> Section:
    with gr.Row(visible=False, elem_id="shared-runs") as shown:
        theirs = gr.Dropdown(label=_("Runs that others show you"), interactive=True, elem_id="shared-run", scale=4)
        look = gr.Button(_("Choose"), elem_id="shared-choose", scale=1, min_width=100)

    def show(draft: Draft) -> list[Any]:
        runs = [(run.name, run.id) for run in islice(shared_with(services.home), MOST_OFFERED)]
        return [gr.update(visible=bool(runs)), gr.update(choices=runs, value=runs[0][1] if runs else None)]

    choose = Wire(look.click, lambda draft, run_id: draft.change(picked=run_id), [theirs])
    return Section([shown, theirs], show, [choose])


def detail(services: Services) -> Section:
    """The picked run: open it, start from its settings, delete it; its name, tags and notes."""
    with gr.Column(visible=False, elem_id="run-detail") as shown:
        title = gr.HTML(elem_id="run-title")
        with gr.Row(elem_classes="button-row"):
            watch = gr.Button(_("Open"), variant="primary", elem_id="run-open", min_width=120)
            again = gr.Button(_("Start from these settings"), elem_id="run-again", min_width=200)
            delete = gr.Button(_("Delete"), variant="stop", elem_id="run-delete", min_width=120)
        label = editing(services, partial(picked, services))

    def show(draft: Draft) -> list[Any]:
        run = services.store.find(draft.picked) if draft.picked else None
        title_words = heading(run.name, run_sentence(services.index.summary(run)), level=3) if run else ""
        return [gr.update(visible=run is not None), title_words]

    wires = [
        Wire(watch.click, partial(open_run, services), go="train"),
        Wire(again.click, partial(start_from, services), go="strategy"),
        Wire(delete.click, partial(delete_run, services)),
    ]
    return joined(Section([shown, title], show, wires), label)


def deleted_runs(services: Services) -> list[tuple[str, str]]:
    return [(run.name, run.id) for run in islice(services.store.deleted(), MOST_OFFERED)]


# --- changing the draft ---------------------------------------------------------------------------


def look_into(services: Services, workspace: str | None) -> None:
    """Let an administrator see another's workspace instead of their own, from the next page on."""
    person, names = current_person(), {"", *(home.root.name for home in homes_of_people(services.server))}
    if person.is_admin and workspace in names:
        Sessions(services.server.sessions).look_into(person.session, str(workspace))


def pick(draft: Draft, event: dict[str, Any]) -> Draft:
    return draft.change(picked=str(sent(event["row"])["id"]))


def picked(services: Services, draft: Draft) -> Run:
    run = services.store.find(draft.picked) if draft.picked else None
    if run is None:
        raise StudioError(_("No run is chosen."), _("It may have been deleted."), _("Choose one from the list."))
    return run


def open_run(services: Services, draft: Draft) -> Draft:
    run = picked(services, draft)
    return with_settings(services, draft, run).change(run=run.id)


def start_from(services: Services, draft: Draft) -> Draft:
    return with_settings(services, draft, picked(services, draft)).change(run=None)


def delete_run(services: Services, draft: Draft) -> Draft:
    run = picked(services, draft)
    services.check_owner(run)
    name = run.name
    services.store.delete(run)
    rest = draft.change(picked=None, run=None if draft.run == run.id else draft.run)
    return undo.deleted(rest, PAGE, _("'{name}' was deleted.", name=name), run.id)


def restore_run(services: Services, draft: Draft, run_id: str) -> Draft:
    services.store.restore(run_id)
    return draft.change(picked=run_id)
