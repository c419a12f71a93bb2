"""The model as a file to download: in one press as most people need it, or in a format of one's choice. Sections of the
Share page."""

import re
import time
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.cards import Cards
from components.downloads import Downloads, DownloadsValue, Link
from components.message import Message
from components.notices import heading, outline
from components.progress import Progress, progress_html
from components.words import drawn
from studio.app.asking import cancel_questions, cancellable, run_with_model, shown_as
from studio.app.drafts import Draft
from studio.app.pages import Place, Section, Services, Wire
from studio.app.paging import file_url
from studio.errors import StudioError
from studio.exporters import EXPORTERS
from studio.exporters.base import Exporter
from studio.language import _
from studio.store import Run

OPENING = (
    (_("Unzip the file"), _("It holds a folder with the model; README.md in it says what the model is and can do.")),
    (_("Give it to a developer"), _("Programs load the folder with the library transformers, as it is.")),
    (
        _("Or use it here"),
        _("On the Test page the model answers single examples and whole files."),
    ),
)


def downloading(services: Services) -> Section:
    """One press: the model as a folder that needs nothing else, where there is one."""
    gr.HTML(drawn(heading, _("Download your model"), _("One ZIP file with everything that is needed to use it.")))
    press = gr.Button(_("Download the model"), variant="primary", elem_id="download-model")
    progress = Progress()
    cancel = gr.Button(_("Cancel"), size="sm", visible=False)
    message = Message()
    files = Downloads(elem_id="download")
    gr.HTML(drawn(opening_html))
    with gr.Accordion(_("Other formats"), open=False, elem_id="formats"):
        exporters = Cards(elem_id="exporters")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        return ["", *([archives(services, draft, run), exporter_cards(run)] if run else [gr.skip()] * 2)]

    place = Place(message, progress, cancel)
    wires = [
        Wire(press.click, partial(download, services), place=place),
        Wire(exporters.select, partial(export, services), event=True, place=place),
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
    ]
    return Section([message, files, exporters], show, wires)


# --- drawing ------------------------------------------------------------------------------------


def opening_html() -> str:
    return heading(_("How to open it"), level=3) + outline(OPENING)


def exporter_cards(run: Run) -> dict[str, Any]:
    return {
        "label": _("Formats"),
        "selected": None,
        "cards": [
            {
                "key": exporter.name,
                "title": exporter.title,
                "text": exporter.sentence,
                "icon": "download",
                "disabled": exporter.why_not(run) or "",
            }
            for exporter in EXPORTERS
        ],
    }


def archives(services: Services, draft: Draft, run: Run) -> DownloadsValue:
    """Links to what was packed of this run; what the person has just pressed for begins by itself."""
    files = [file for file in (archive_of(services, run, exporter) for exporter in EXPORTERS) if file.is_file()]
    return downloads_of(services, draft, files)


def downloads_of(services: Services, draft: Draft, files: Sequence[Path]) -> DownloadsValue:
    """Links to these files; the one that was made for the person's last press is downloaded at once."""
    links = [Link(url=file_url(file), words=link_words(file), name=file.name) for file in files]
    is_fresh = services.packed.get(draft.id) in files
    start = services.packed.pop(draft.id).name if is_fresh else ""
    return {"links": links, "start": start, "made": time.time() if is_fresh else 0.0}


def link_words(file: Path) -> str:
    return _("Download {file} ({megabytes:,.1f} MB)", file=file.name, megabytes=file.stat().st_size / 1000**2)


def archive_of(services: Services, run: Run, exporter: Exporter) -> Path:
    """Where the ZIP of an exporter lies."""
    return download_of(services, run, f"{exporter.name}.zip")


def download_of(services: Services, run: Run, ending: str) -> Path:
    """Where a file about the run lies; its name is what people see in their downloads."""
    name = "-".join(re.findall(r"\w+", run.name.lower()))[:60] or run.id
    return services.home.downloads / run.id / f"{name}-{ending}"


def remove_former(archive: Path, exporter: Exporter) -> None:
    """What was exported in this format under other names of the run: no page shows it any more."""
    for file in archive.parent.glob(f"*-{exporter.name}.zip"):
        if file != archive:
            file.unlink(missing_ok=True)


# --- packing --------------------------------------------------------------------------------------


def download(services: Services, draft: Draft) -> Generator[str, None, Draft]:
    """Pack the model so that it needs nothing beside it: the later an exporter, the less it leaves to others."""
    run = require_run(services, draft)
    fitting = [exporter for exporter in EXPORTERS if not exporter.why_not(run)]
    return (yield from export(services, draft, {"key": (fitting or list(EXPORTERS))[-1].name}))


def export(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Write the archive in the inference process, which has the libraries for it."""
    run, exporter = require_run(services, draft), EXPORTERS[str(event["key"])]
    if reason := exporter.why_not(run):
        raise StudioError(
            _("'{format}' does not fit this run.", format=exporter.title), reason, _("Choose another format.")
        )
    words = (_("Packing the model"), _("Waiting for another file"))
    yield progress_html(words[0])
    archive = archive_of(services, run, exporter)
    remove_former(archive, exporter)
    with services.room() as room, cancellable(services, draft) as cancelled:
        if room is not None and archive.is_file():
            room += archive.stat().st_size  # it is replaced
        yield from shown_as(*words, services.predictor.export_archive(run, exporter.name, archive, cancelled, room))
    remove_former(archive, exporter)  # of a run that was renamed meanwhile
    services.packed[draft.id] = archive
    return services.drafts.load(draft.id)


def require_run(services: Services, draft: Draft) -> Run:
    run = run_with_model(services, draft)
    if run is None:
        raise StudioError(_("There is nothing to export."), _("No finished run is chosen."), _("Choose one above."))
    return run
