"""Projects: the drafts of one person, each with a name, listed, copied, deleted and restored."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from studio.app import demos
from studio.app.access.person import current_person
from studio.app.draft_versions import DRAFT
from studio.app.drafts import ID_PATTERN, MOST_OF_A_GUEST, Draft, Drafts, new_id
from studio.errors import StudioError
from studio.files import read_as
from studio.language import _, plural
from studio.paths import Home
from studio.tasks import TASKS

MOST_LISTED = 500  # of one person; the browser gets them all
LONGEST_NAME = 120  # characters
DAMAGED = _("The file is damaged.")


@dataclass(frozen=True)
class Project:
    """task, data: as a person reads them, "" where none is chosen. used: when it was last open, in seconds since 1970.
    trouble: why it cannot be opened, a sentence; "" where it can."""

    id: str
    name: str
    task: str = ""
    data: str = ""
    used: float = 0.0
    trouble: str = ""


def projects_in(home: Home, shown: str) -> list[Project]:
    """The ones used last, first. One in which nothing is chosen is none, unless it is the one that is shown."""
    return [each for each in _read(home.drafts) if each.task or each.trouble or each.id == shown]


def deleted_in(home: Home) -> list[Project]:
    """Those that can be restored, the one deleted last first."""
    return list(_read(home.deleted_drafts))


def _read(folder: Path) -> Iterator[Project]:
    for entry in Drafts.entries(folder)[:MOST_LISTED]:
        draft_id = entry.path.stem
        if ID_PATTERN.fullmatch(draft_id):
            try:
                draft = read_as(entry.path, lambda values: Draft.model_validate(DRAFT.upgrade(values)))
            except StudioError as error:
                yield Project(draft_id, draft_id, used=entry.changed, trouble=error.explanation.what)
                continue
            except ValidationError:
                yield Project(draft_id, draft_id, used=entry.changed, trouble=DAMAGED)
                continue
            if draft is not None:
                task = TASKS[draft.task].title if draft.task else ""
                yield Project(draft_id, name_of(draft), task, draft.title, entry.changed)


def name_of(draft: Draft) -> str:
    """What the project is called: by whoever named it, or else after its example, or its data and task."""
    if draft.name:
        return draft.name
    if demo := demos.current(draft):
        return demo.title
    if not draft.task:
        return _("New project")
    task = TASKS[draft.task].title
    return _("{data} · {task}", data=draft.title, task=task) if draft.title else task


def check_room(home: Home) -> None:
    """Raises StudioError where a guest has as many projects as they may have."""
    if current_person().is_guest and len(Drafts.entries(home.drafts)) >= MOST_OF_A_GUEST:
        raise StudioError(
            _("There is no room for another project."),
            plural("A guest may have {n:,} project.", "A guest may have {n:,} projects.", MOST_OF_A_GUEST),
            _("Delete one that you no longer need."),
        )


def check_there(home: Home, draft_id: str) -> None:
    """Raises StudioError for a project that another tab has deleted."""
    if not (home.drafts / f"{draft_id}.json").exists():
        raise StudioError(
            _("The project is not there any more."), _("It may have been deleted."), _("Restore it below, if it was.")
        )


def copy_of(draft: Draft) -> Draft:
    """Another project with the same choices, which has trained nothing yet."""
    name = _("Copy of {name}", name=name_of(draft))
    return draft.change(id=new_id(), name=str(name)[:LONGEST_NAME], run=None, picked=None, compared=(), undo=None)


def delete(home: Home, draft_id: str) -> str:
    """Move it to the deleted ones, whatever its file holds; returns the id that restores it. An unknown one does
    nothing."""
    file = home.drafts / f"{draft_id}.json"
    if not ID_PATTERN.fullmatch(draft_id) or not file.exists():
        return draft_id
    deleted = _move(file, home.deleted_drafts)
    if current_person().is_guest:
        for entry in Drafts.entries(home.deleted_drafts)[MOST_OF_A_GUEST:]:
            entry.path.unlink(missing_ok=True)
    return deleted


def restore(home: Home, draft_id: str) -> str:
    """Restore a deleted one; returns the id that it has now. An unknown id raises StudioError."""
    file = home.deleted_drafts / f"{draft_id}.json"
    if not ID_PATTERN.fullmatch(draft_id) or not file.exists():
        raise StudioError(_("There is no such deleted project."), _("It may have been restored already."))
    check_room(home)
    return _move(file, home.drafts)


def _move(file: Path, folder: Path) -> str:
    """Returns its id there: another one where a second page began anew under the former, which stays, too. The file's
    own time says when it was moved."""
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(file)
    draft_id = new_id() if (folder / file.name).exists() else file.stem
    file.replace(folder / f"{draft_id}.json")
    return draft_id
