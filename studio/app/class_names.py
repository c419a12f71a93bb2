"""Renaming a class, or making several one: below the classes and their counts on the Data page."""

from functools import partial
from typing import Any

import gradio as gr

from components.message import Message
from components.words import drawn
from studio.app.drafts import Draft
from studio.app.fixes import CLEANING
from studio.app.pages import Place, Section, Services, Wire, hint
from studio.data.renaming import with_name
from studio.language import _

MOST_OFFERED = 2000  # classes: a browser draws each of them


def naming_classes(services: Services) -> Section:
    """Shown where rows have classes; what it did stands among the fixes, and is undone there."""
    message = Message(elem_id="class-names-message")
    with gr.Column(visible=False, elem_id="class-names") as shown:
        gr.HTML(drawn(hint, _("Choose one class to rename it, or several to make them one.")))
        with gr.Row():
            chosen = gr.Dropdown(label=_("Classes"), multiselect=True, interactive=True, elem_id="classes-chosen")
            name = gr.Textbox(label=_("Their new name"), max_lines=1, interactive=True, elem_id="classes-name")
        with gr.Row(elem_classes="button-row"):
            rename = gr.Button(_("Rename"), size="sm", min_width=140, elem_id="classes-rename")

    def show(draft: Draft) -> list[Any]:
        assembled = services.datasets.usable(draft)
        classes = list(assembled.counts)[:MOST_OFFERED] if assembled else []
        return ["", gr.update(visible=bool(classes)), gr.update(choices=classes, value=[]), gr.update(value="")]

    pressed = partial(rename_classes, services)
    asks = (rename.click, name.submit)
    wires = [Wire(each, pressed, [chosen, name], place=Place(message)) for each in asks]
    return Section([message, shown, chosen, name], show, wires)


def rename_classes(services: Services, draft: Draft, chosen: Any, name: Any) -> Draft:
    """The draft in which all classes that are `chosen` have this name. Raises StudioError for what cannot be."""
    cleaning = draft.data.cleaning
    known = services.datasets.assembled(draft).counts
    names = with_name(cleaning.labels, [str(each) for each in chosen or ()], str(name or ""), known)
    return draft.configure({CLEANING: cleaning.model_copy(update={"labels": names}).model_dump(mode="json")})
