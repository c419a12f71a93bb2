"""Importing data into a draft: read in a process of its own, with progress and Cancel."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

from components.progress import progress_html
from components.words import spoken
from studio.app.drafts import Draft
from studio.app.pages import Services, followed
from studio.app.undo import taken
from studio.data.assembly import guess_columns
from studio.data.guessing import column_guesses
from studio.data.importing import Imported, keep_upload, sure_reading
from studio.data.limits import within
from studio.data.options import ReadingOptions
from studio.data.sources import SAMPLE, SAMPLES
from studio.errors import StudioError
from studio.jobs import Job
from studio.language import _
from studio.models import hub
from studio.needed import needed_in
from studio.tasks import TASKS

REPLACED = "data"  # the place where the former data is offered back


def import_source(
    services: Services, draft: Draft, source: str, title: str, reading: ReadingOptions
) -> Generator[str, None, Draft]:
    """Read the data in a process of its own; yields what to show, returns the changed draft.

    What is doubtful stays open in its run file until somebody settles it.
    """
    with services.room() as room:
        return (yield from _import(services, draft, source, title, reading, room))


def _import(
    services: Services, draft: Draft, source: str, title: str, reading: ReadingOptions, room: int | None
) -> Generator[str, None, Draft]:
    limits = services.server_limits if source.startswith(SAMPLE) else services.limits  # what comes along fits anybody
    request = {
        "op": "import",
        "source": source,
        "files": draft.value("data.files") if draft.source == source else None,  # of a run of the command line
        "reading": reading.model_dump(),
        "home": str(services.home.root),
        "limits": within(limits, room).model_dump(),
    }
    job = Job("studio.data.process", request)
    now = yield from followed(services, draft, job)
    if job.result is None:
        return now  # cancelled: nothing changes
    imported = Imported.open(Path(job.result["folder"]))
    assert imported is not None
    roles = TASKS[now.task].columns if now.task else ()
    open_roles = {each.setting.rpartition(".")[2] for each in column_guesses(imported, roles, {}) if each.doubtful}
    columns = {role: name for role, name in guess_columns(imported, roles).items() if role not in open_roles}
    before, same = now, now.source == source
    if same:
        columns |= {role: name for role, name in now.data.columns.items() if name in imported.columns}
    else:
        about_rows = ("data.cleaning", "data.left_out", "data.files")  # the former ones
        now = now.without(*about_rows).change(run=None)
    chosen = {
        "data.source": source,
        "data.reading": sure_reading(imported.reading, imported.guesses).model_dump() | reading.stated(),
        "data.columns": columns,
    }
    now = now.configure(chosen).change(title=title, dataset=imported.folder.name)
    if same or not before.source:
        return now
    return taken(before, now, REPLACED, _("'{data}' was replaced.", data=before.title))


def import_upload(services: Services, draft: Draft, path: str | None) -> Generator[str, None, Draft]:
    if not path:
        return draft
    name, before = Path(path).name, names_in(services.home.uploads)
    try:
        kept = keep_upload(Path(path), name, services.home, services.limits)
    finally:
        Path(path).unlink(missing_ok=True)  # the upload's temporary copy
    try:
        return (yield from import_source(services, draft, str(kept), name, ReadingOptions()))
    except StudioError:
        if kept.parent.name not in before and not needed_in(services.home).keeps(kept.parent.name):
            shutil.rmtree(kept.parent, ignore_errors=True)  # no project names it, and it would take its owner's room
        raise


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()} if folder.is_dir() else set()


def import_sent(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """What a component of ours has sent, by the path that it was given for it. Whoever names another file of this
    machine is refused."""
    path = Path(str(event["path"]))
    if not lies_in(path, services.home.sent):
        raise StudioError(_("A file is named here that you have not sent. Upload it."))
    return (yield from import_upload(services, draft, str(path)))


def lies_in(path: Path, folder: Path) -> bool:
    """Whether the file is there and lies below the folder."""
    try:
        return path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError):  # a NUL in it, say
        return False


def import_sample(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    sample = SAMPLES[str(event["key"])]
    return (yield from import_source(services, draft, f"sample/{sample.name}", spoken(sample.title), ReadingOptions()))


def import_hub(services: Services, draft: Draft, name: str | None) -> Generator[str, None, Draft]:
    if not (name or "").strip():
        raise StudioError(_("No data set is named."), _("The field is empty."), _("Write its name as owner/name."))
    yield progress_html(_("Asking the Hub"))
    reach = hub.reach(services.home)
    if not reach.reachable:
        raise StudioError(
            _("'{name}' cannot be fetched.", name=name), reach.reason, _("Upload the data as a file, or use a sample.")
        )
    source = f"hub:{str(name).strip()}"
    return (yield from import_source(services, draft, source, str(name).strip(), ReadingOptions()))


def read_again(services: Services, draft: Draft, **settings: Any) -> Generator[str, None, Draft]:
    """Read the same data with some settings of `ReadingOptions` changed; what was guessed is guessed again."""
    stated = {**draft.data.reading.stated(), **settings}
    reading = ReadingOptions.read(stated, "reading")
    return (yield from import_source(services, draft, draft.source or "", draft.title, reading))


def read_with(services: Services, name: str, draft: Draft, value: Any) -> Generator[str, None, Draft]:
    """The same for one of them, from its dropdown, which also tells of itself when the focus leaves it unchanged."""
    imported = services.datasets.imported(draft)
    if imported is not None and (getattr(imported.reading, name) or None) == (value or None):
        return draft
    return (yield from read_again(services, draft, **{name: value}))
