"""For programmers: the run file, the command that runs it, and the model card. A section of the Share page."""

import shlex
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import gradio as gr

from components.code_text import CodeText
from components.notices import heading
from components.words import drawn
from studio.app.access.person import current_person
from studio.app.asking import run_with_model
from studio.app.drafts import Draft
from studio.app.pages import Section, Services, download_link
from studio.app.runs import config_of
from studio.config import read_run_file
from studio.exporters.card import loading_code, write_card
from studio.exporters.folder import labels_in
from studio.language import _
from studio.paths import Home
from studio.store import Run


def for_programmers(services: Services) -> Section:
    with gr.Accordion(_("For programmers"), open=False, elem_id="programmers"):
        ways = _("The run file holds every setting; the command runs it without the page.")
        gr.HTML(drawn(heading, _("Repeat this run"), ways, level=3))
        command = CodeText(elem_id="command")
        run_file = CodeText(elem_id="run-file")
        run_file_link = gr.HTML()
        gr.HTML(drawn(heading, _("The model card"), _("It lies in the download as README.md."), level=3))
        card = CodeText(elem_id="model-card")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        if run is None:
            return [gr.skip()] * 4
        settings = read_run_file(run.config_file)
        address = f"data:application/yaml;charset=utf-8,{quote(settings)}"
        typed = {"label": _("Command"), "text": command_line(run, services.home)}
        link = download_link(address, _("Download {file}", file="run.yaml"), "run.yaml")
        card_file = {"label": "README.md", "text": card_text(run)}
        return [typed, {"label": "run.yaml", "text": settings}, link, card_file]

    return Section([command, run_file, run_file_link, card], show, [])


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
    return (
        without_front_matter(write_card(run, config, labels_in(run.model), loading_code(run, config))) if config else ""
    )


def without_front_matter(card: str) -> str:
    """The card as people read it: the YAML between the first two `---` is for machines."""
    parts = card.split("---\n", 2)
    return parts[2] if card.startswith("---\n") and len(parts) == 3 else card
