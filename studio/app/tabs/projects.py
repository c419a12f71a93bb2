"""Projects: everything that a person is working on; each keeps its model, data and settings."""

from functools import partial
from typing import Any

import gradio as gr

from components.notices import heading
from components.project_list import Listed, ProjectList
from components.words import drawn
from studio.app import projects, undo
from studio.app.drafts import Draft, new_id
from studio.app.pages import Page, Section, Services, Wire, joined
from studio.app.projects import Project
from studio.app.sent import sent
from studio.app.trash import trash
from studio.errors import StudioError
from studio.language import _, listing
from studio.names import tidy_name

PAGE, FIRST = "projects", "model"
WORDS = _("Each keeps its own model, data and settings. Open one to go on with it.")


def build(services: Services) -> Page:
    bring_back = partial(restore, services)
    pieces = joined(
        beginning(services),
        undo.undoing(PAGE, bring_back, opens=True),
        all_projects(services),
        trash(PAGE, _("Deleted projects"), partial(deleted, services), bring_back, opens=True),
    )
    return Page(PAGE, _("Projects"), *pieces, is_step=False)


def beginning(services: Services) -> Section:
    gr.HTML(drawn(heading, _("Projects"), WORDS))
    with gr.Row(elem_classes="button-row"):
        new = gr.Button(_("New project"), variant="primary", elem_id="project-new", min_width=160)
    return Section([], lambda draft: [], [Wire(new.click, partial(begin, services), opens=True)])


def all_projects(services: Services) -> Section:
    listed = ProjectList(elem_id="projects")

    def show(draft: Draft) -> list[Any]:
        found = projects.projects_in(services.home, draft.id)
        return [{"opened": draft.id, "projects": [entry(project) for project in found]}]

    chosen = Wire(
        listed.select, partial(press, services), event=True, opens=True, also=lambda event: sent(event).get("key")
    )
    return Section([listed], show, [chosen])


# --- drawing ------------------------------------------------------------------------------------


def entry(project: Project) -> Listed:
    about = (part for part in (project.task, project.data) if part and part not in project.name)
    return {
        "key": project.id,
        "title": project.name,
        "note": listing(about),
        "used": project.used,
        "trouble": project.trouble,
    }


def deleted(services: Services) -> list[tuple[str, str]]:
    return [(project.name, project.id) for project in projects.deleted_in(services.home)]


# --- changing -----------------------------------------------------------------------------------


def begin(services: Services, draft: Draft) -> Draft:
    """A new project; one in which nothing is chosen yet is new enough."""
    if is_new(draft):
        return draft.change(page=FIRST)
    projects.check_room(services.home)
    return Draft(id=new_id(), page=FIRST, folders=draft.folders)


def is_new(draft: Draft) -> bool:
    return not (draft.config or draft.name or draft.kept or draft.own)


def press(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    key, to = str(event["key"]), str(event["to"])
    if to == "delete":
        return delete(services, draft, key)
    project = draft if key == draft.id else services.drafts.load(key)
    if project.id != key:  # no id at all
        return draft
    if key != draft.id:
        projects.check_there(services.home, key)
    if to == "open":
        return project.change(page=FIRST)
    if to == "copy":
        projects.check_room(services.home)
        services.drafts.save(projects.copy_of(project))
    if to == "rename":
        return rename(services, draft, project, str(event["name"]))
    return draft


def rename(services: Services, draft: Draft, project: Draft, name: str) -> Draft:
    tidy = tidy_name(name, projects.LONGEST_NAME)
    if not tidy:
        raise StudioError(_("The project needs a name."), _("The name is empty."), _("Type a name."))
    renamed = project.change(name=tidy)
    if project.id == draft.id:
        return renamed
    services.drafts.save(renamed)
    return draft


def delete(services: Services, draft: Draft, key: str) -> Draft:
    """Delete a project; where it is the open one, a new one is open afterwards."""
    known = {project.id: project.name for project in projects.projects_in(services.home, draft.id)}
    if key not in known:
        return draft
    deleted = projects.delete(services.home, key)
    stays = Draft(id=new_id(), page=PAGE, folders=draft.folders) if key == draft.id else draft
    return undo.deleted(stays, PAGE, _("'{name}' was deleted.", name=known[key]), deleted)


def restore(services: Services, draft: Draft, key: str) -> Draft:
    """Restore a project, and open it again where nothing is chosen in the one that is open."""
    restored = projects.restore(services.home, key)
    return services.drafts.load(restored).change(page=PAGE) if is_new(draft) else draft
