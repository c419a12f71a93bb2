"""Share: download the model, and repeat the run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.blocks import Block

from components.cards import Cards
from components.code_text import CodeText
from components.notices import empty, heading
from components.progress import Progress, progress_html
from components.words import drawn
from studio.app.access.gate import LINK
from studio.app.access.person import current_person
from studio.app.asking import cancel_questions, cancellable, shown_as
from studio.app.drafts import Draft
from studio.app.pages import Page, Section, Services, Wire, download_link, joined, sheltered
from studio.app.paging import file_url
from studio.app.runs import choices_with_model, config_of
from studio.app.sharing import Share, share, share_of
from studio.config import read_run_file
from studio.errors import StudioError
from studio.exporters import EXPORTERS
from studio.exporters.base import Exporter
from studio.exporters.card import loading_code, write_card
from studio.exporters.folder import labels_in
from studio.language import _
from studio.paths import Home
from studio.store import Run

VIEWERS = {"nobody": _("Only me"), "link": _("Whoever has the link"), "everybody": _("Everybody on this server")}


def build(services: Services) -> Page:
    which = choosing_a_run(services)
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False) as body:
        exporters = Cards(elem_id="exporters")
        progress = Progress()
        cancel = gr.Button(_("Cancel"), size="sm", visible=False)
        download = gr.HTML(elem_id="download")
        others = showing_to_others(services)
        again = repeating(services)
        with gr.Accordion(_("The model card"), open=False):
            card = gr.Markdown(elem_id="model-card")

    def show_ways(run: Run) -> list[Any]:
        return [exporter_cards(run), download_html(services, run), card_text(run)]

    wires = [
        Wire(exporters.select, partial(export, services), event=True),
        Wire(cancel.click, partial(cancel_questions, services), redraw=False),
    ]
    ways = of_a_finished_run(services, [exporters, download, card], show_ways)._replace(wires=wires)
    inside = sheltered(
        trouble, body, joined(ways, others, again), lambda draft: find_finished(services, draft) is not None
    )
    return Page("share", _("Share"), *joined(which, inside), is_step=False, progress=progress, cancel=cancel)


def choosing_a_run(services: Services) -> Section:
    head = gr.HTML()
    which_run = gr.Dropdown(label=_("Run"), interactive=True, elem_id="share-run")

    def show(draft: Draft) -> list[Any]:
        run = find_finished(services, draft)
        choices = choices_with_model(services, run)
        words = _("The model as a standard folder, with its card and the run file.")
        title = heading(_("Download your model"), words if run else _("Choose one of your finished runs."))
        if not choices:
            title = empty(
                "share", _("Nothing to share yet"), _("Train a model first; it appears here when it is done.")
            )
        return [title, gr.update(choices=choices, value=run.id if run else None, visible=bool(choices))]

    choose = Wire(which_run.input, lambda draft, run_id: draft.change(run=run_id, mark=None), [which_run])
    return Section([head, which_run], show, [choose])


def showing_to_others(services: Services) -> Section:
    """Who else on this server may see the run; only where there is anybody else, and only for its owner."""
    with gr.Column(visible=False, elem_id="sharing") as shown:
        who = gr.Radio(
            label=_("Who may see this run"),
            info=_("They can look at it, try its model and download it; you and administrators alone can change it."),
            choices=[(words, key) for key, words in VIEWERS.items()],
            interactive=True,
            elem_id="share-with",
        )
        link_field = gr.Textbox(
            label=_("Its link"), interactive=False, buttons=["copy"], visible=False, elem_id="share-link"
        )

    def show(draft: Draft) -> list[Any]:
        run = find_finished(services, draft)
        is_own = run is not None and services.has_several_people and services.may_change(run)
        shared = share_of(run) if run is not None and is_own else Share()
        key = "everybody" if shared.everybody else "link" if shared.secret else "nobody"
        address = f"{current_person().address}{LINK}{run.id}/{shared.secret}" if run and shared.secret else ""
        return [gr.update(visible=is_own), key, gr.update(value=address, visible=bool(address))]

    return Section([shown, who, link_field], show, [Wire(who.input, partial(show_to, services), [who])])


def repeating(services: Services) -> Section:
    """The run file, and the command that runs it."""
    ways = _("The run file holds every setting; the command runs it without the page.")
    gr.HTML(drawn(heading, _("Repeat this run"), ways, level=3))
    command = CodeText(elem_id="command")
    run_file = CodeText(elem_id="run-file")
    run_file_link = gr.HTML()

    def show(run: Run) -> list[Any]:
        settings = read_run_file(run.config_file)
        address = f"data:application/yaml;charset=utf-8,{quote(settings)}"
        typed = {"label": _("Command"), "text": command_line(run, services.home)}
        link = download_link(address, _("Download {file}", file="run.yaml"), "run.yaml")
        return [typed, {"label": "run.yaml", "text": settings}, link]

    return of_a_finished_run(services, [command, run_file, run_file_link], show)


def of_a_finished_run(services: Services, outputs: list[Block], show: Callable[[Run], list[Any]]) -> Section:
    """A piece that stays as it is where no finished run is chosen."""

    def show_run(draft: Draft) -> list[Any]:
        run = find_finished(services, draft)
        return show(run) if run else [gr.skip()] * len(outputs)

    return Section(outputs, show_run, [])


def find_finished(services: Services, draft: Draft) -> Run | None:
    run = services.store.find(draft.run) if draft.run else None
    return run if run is not None and services.states.of(run).has_model else None


# --- drawing ------------------------------------------------------------------------------------


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


def download_html(services: Services, run: Run) -> str:
    """Links to what was exported of this run."""
    files = [archive_of(services, run, exporter) for exporter in EXPORTERS]
    return "".join(
        download_link(
            file_url(file),
            _("Download {file} ({megabytes:,.1f} MB)", file=file.name, megabytes=file.stat().st_size / 1000**2),
            file.name,
        )
        for file in files
        if file.is_file()
    )


def archive_of(services: Services, run: Run, exporter: Exporter) -> Path:
    """Where the ZIP of an exporter lies; its name is what people see in their downloads."""
    name = "-".join(re.findall(r"\w+", run.name.lower()))[:60] or run.id
    return services.home.downloads / run.id / f"{name}-{exporter.name}.zip"


def remove_former(archive: Path, exporter: Exporter) -> None:
    """What was exported in this format under other names of the run: no page shows it any more."""
    for file in archive.parent.glob(f"*-{exporter.name}.zip"):
        if file != archive:
            file.unlink(missing_ok=True)


def command_line(run: Run, home: Home) -> str:
    """What repeats the run from a terminal, among the same runs; paths with spaces are quoted as its shell wants.

    Somebody who only visits this machine runs it on another one, from the file that they download.
    """
    if not current_person().is_admin:
        return "studio train run.yaml"
    words = ["studio", "train", str(run.config_file), *(() if home == Home.usual() else ("--home", str(home.root)))]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def card_text(run: Run) -> str:
    config = config_of(run)
    return without_front_matter(write_card(run, config, labels_in(run.model), loading_code(config))) if config else ""


def without_front_matter(card: str) -> str:
    """The card as people read it: the YAML between the first two `---` is for machines."""
    parts = card.split("---\n", 2)
    return parts[2] if card.startswith("---\n") and len(parts) == 3 else card


# --- changing the draft ---------------------------------------------------------------------------


def export(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Write the archive in the inference process, which has the libraries for it."""
    run = find_finished(services, draft)
    if run is None:
        raise StudioError(_("There is nothing to export."), _("No finished run is chosen."), _("Choose one above."))
    exporter = EXPORTERS[str(event["key"])]
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
    return services.drafts.load(draft.id)


def show_to(services: Services, draft: Draft, who: str | None) -> Draft:
    run = find_finished(services, draft)
    if run is not None:
        services.check_owner(run)
        share(run, everybody=who == "everybody", by_link=who == "link")
    return draft
