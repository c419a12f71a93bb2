"""5 Test: how good the result is in words, its mistakes, and trying it beside the untouched model."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.blocks import Block

from components.notices import empty
from studio.app.asking import choose_run, run_with_model
from studio.app.drafts import Draft
from studio.app.mistakes import mistakes
from studio.app.pages import Page, Section, Services, Wire, joined, sheltered
from studio.app.quality import more_numbers, verdict
from studio.app.runs import choices_with_model
from studio.app.trying import trying_one
from studio.app.whole_file import whole_file
from studio.language import _


def build(services: Services) -> Page:
    which = choosing_a_run(services)
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False) as body:
        above = verdict(services)
        wrong, corrected = mistakes(services)
        trial, asked = trying_one(services)
        below = whole_file(services), more_numbers(services)
        others = spared([above], asked | corrected), spared([wrong], asked), spared([trial], corrected)
        sections = joined(*(section for some in others for section in some), *spared(below, asked | corrected))
    inside = sheltered(trouble, body, sections, lambda draft: run_with_model(services, draft) is not None)
    return Page(
        "test",
        _("Test"),
        *joined(which, inside),
        is_ready=lambda draft: run_with_model(services, draft) is not None,
        way_on=("share", _("Continue to sharing")),
    )


def spared(sections: Sequence[Section], fields: set[Block]) -> list[Section]:
    """What happens in these leaves the fields of others as they are: the person may be typing into them."""

    def sparing(wire: Wire) -> Wire:
        return replace(wire, draws=lambda widget: wire.draws(widget) and widget not in fields)

    return [section._replace(wires=list(map(sparing, section.wires))) for section in sections]


def choosing_a_run(services: Services) -> Section:
    nothing = gr.HTML()
    which_run = gr.Dropdown(label=_("Run"), interactive=True, elem_id="test-run")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        choices = choices_with_model(services, run)
        services.forks.start()
        services.predictor.warm_up(run)
        words = empty("compass", _("Nothing to try yet"), _("Train a model first; it appears here when it is done."))
        return [
            "" if run or choices else words,
            gr.update(choices=choices, value=run.id if run else None, visible=bool(choices)),
        ]

    return Section([nothing, which_run], show, [Wire(which_run.input, choose_run, [which_run])])
