"""What a person calls a run and writes down about it: before it starts, and later."""

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from studio.app.drafts import Draft, Label
from studio.app.pages import Section, Services, Wire
from studio.app.runs import run_name
from studio.errors import StudioError
from studio.language import _
from studio.names import tidy_name
from studio.store import LONGEST_NAME, Run
from studio.tags import tags_in

LONGEST_NOTES = 5000  # letters


def naming(services: Services) -> tuple[Section, list[Any]]:
    """The fields before a run starts, for the Train page; and the widgets, whose values `entered` takes."""
    with gr.Column(elem_id="new-run", visible=False) as shown:
        name = gr.Textbox(label=_("Name of the new run"), max_lines=1, interactive=True, elem_id="new-run-name")
        with gr.Accordion(_("Tags and notes"), open=False, elem_id="new-run-more"):
            tags, notes = tags_and_notes("new-run")
    fields: list[Any] = [name, tags, notes]

    def show(draft: Draft) -> list[Any]:
        label = draft.label
        usual = run_name(draft) if draft.model and draft.strategy else ""
        named = gr.update(value=label.name, placeholder=usual)
        return [gr.update(visible=bool(usual)), named, written(label.tags), label.notes]

    wires = [Wire(field.blur, entered, fields, redraw=False) for field in fields]
    return Section([shown, *fields], show, wires), fields


def editing(services: Services, chosen: Callable[[Draft], Run]) -> Section:
    """The same of a run that there is; chosen: the one that is picked, StudioError where none is."""
    name = gr.Textbox(label=_("Name"), max_lines=1, interactive=True, elem_id="run-name")
    with gr.Row():
        tags, notes = tags_and_notes("run")
    with gr.Row(elem_classes="button-row"):
        save = gr.Button(_("Save"), elem_id="run-save", min_width=120)

    def show(draft: Draft) -> list[Any]:
        run = services.store.find(draft.picked) if draft.picked else None
        return [run.name, written(run.tags), run.notes] if run else ["", "", ""]

    change, fields = partial(write, services, chosen), [name, tags, notes]
    wires = [Wire(press, change, fields) for press in (save.click, name.submit, tags.submit)]
    return Section(fields, show, wires)


def tags_and_notes(name: str) -> tuple[gr.Textbox, gr.Textbox]:
    return (
        gr.Textbox(
            label=_("Tags"), info=_("Separated by commas."), max_lines=1, interactive=True, elem_id=f"{name}-tags"
        ),
        gr.Textbox(label=_("Notes"), lines=2, max_lines=8, interactive=True, elem_id=f"{name}-notes"),
    )


def written(tags: tuple[str, ...]) -> str:
    return ", ".join(tags)


def entered(draft: Draft, name: str | None, tags: str | None, notes: str | None) -> Draft:
    """The draft with what the fields for the next run hold."""
    return draft.change(
        label=Label(name=tidy_name(name or "", LONGEST_NAME), tags=tags_in(tags or ""), notes=(notes or "").strip())
    )


def write(
    services: Services,
    chosen: Callable[[Draft], Run],
    draft: Draft,
    name: str | None,
    tags: str | None,
    notes: str | None,
) -> Draft:
    run = chosen(draft)
    services.check_owner(run)
    if len(notes or "") > LONGEST_NOTES:
        raise StudioError(
            _("The notes are too long."),
            _("They have {letters:,} letters; a run takes {most:,}.", letters=len(notes or ""), most=LONGEST_NOTES),
            _("Shorten them."),
        )
    run.rename(name or "")
    run.annotate(tags=list(tags_in(tags or "")), notes=(notes or "").strip())
    return draft
