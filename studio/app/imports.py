"""Bringing data into a draft: read in a process of its own, with progress and Cancel."""

from collections.abc import Generator
from pathlib import Path

from studio.app.drafts import Draft
from studio.app.pages import Services, followed
from studio.data.assembly import guess_columns
from studio.data.importing import Imported
from studio.data.options import ReadingOptions
from studio.jobs import Job
from studio.tasks import TASKS


def import_source(
    services: Services, draft: Draft, source: str, title: str, reading: ReadingOptions
) -> Generator[str, None, Draft]:
    """Read the data in a process of its own; yields what to show, returns the changed draft."""
    request = {
        "op": "import",
        "source": source,
        "reading": reading.model_dump(),
        "home": str(services.home.root),
        "limits": services.limits.model_dump(),
    }
    job = Job("studio.data.process", request)
    now = yield from followed(services, draft, job)
    if job.result is None:
        return now  # cancelled: nothing changes
    imported = Imported.open(Path(job.result["folder"]))
    assert imported is not None
    columns = guess_columns(imported, TASKS[now.task].columns) if now.task else {}
    kept = {role: name for role, name in now.columns.items() if name in imported.columns}
    same = now.source == source
    return now.change(
        source=source,
        title=title,
        reading=imported.reading,
        dataset=imported.folder.name,
        columns={**columns, **kept} if same else columns,
        run=None if not same else now.run,
    )
