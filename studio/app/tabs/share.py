"""Share: download the model, tell others of it, send the link of the run, and for programmers repeat it."""

from functools import partial
from typing import Any

import gradio as gr

from components.code_text import CodeText
from components.notices import empty, heading
from components.words import drawn
from studio.app.access.gate import LINK
from studio.app.access.person import current_person
from studio.app.asking import choose_run, run_with_model
from studio.app.drafts import Draft
from studio.app.packing import downloading
from studio.app.pages import Page, Section, Services, Wire, hint, joined, sheltered
from studio.app.repeating import for_programmers
from studio.app.runs import choices_with_model
from studio.app.sharing import Share, share, share_of
from studio.app.telling import telling, test_results
from studio.language import _

VIEWERS = {"nobody": _("Only me"), "link": _("Whoever has the link"), "everybody": _("Everybody on this server")}
OWN = "run"  # stands for the secret in the link of a run that its owner shows to nobody


def build(services: Services) -> Page:
    which = choosing_a_run(services)
    trouble = gr.HTML(visible=False)
    with gr.Column(visible=False) as body:
        kinds = (downloading, telling, test_results, sending_the_link, for_programmers)
        sections = [section(services) for section in kinds]
    inside = sheltered(trouble, body, joined(*sections), lambda draft: run_with_model(services, draft) is not None)
    return Page("share", _("Share"), *joined(which, inside), is_step=False)


def choosing_a_run(services: Services) -> Section:
    top = gr.HTML()
    with gr.Column(visible=False) as nothing:
        gr.HTML(
            drawn(empty, "share", _("Nothing to share yet"), _("Train a model first; it appears here when it is done."))
        )
        with gr.Row(elem_classes="button-row"):
            begin = gr.Button(_("Choose an example or your own data"), elem_id="share-begin", min_width=120)
    which_run = gr.Dropdown(label=_("Run"), interactive=True, elem_id="share-run")

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        choices = choices_with_model(services, run)
        words = ""
        if not choices:
            words = heading(_("Share"), _("Download your model, tell others of it, and send them its link."))
        elif run is None:
            words = heading(_("Download your model"), _("Choose one of your finished runs."))
        offered = gr.update(choices=choices, value=run.id if run else None, visible=bool(choices))
        return [words, gr.update(visible=not choices), offered]

    wires = [Wire(which_run.input, choose_run, [which_run]), Wire(begin.click, lambda draft: draft, go="model")]
    return Section([top, nothing, which_run], show, wires)


def sending_the_link(services: Services) -> Section:
    """The link of one's own run, and where there is anybody else who else may see it."""
    with gr.Column(visible=False, elem_id="sharing") as shown:
        gr.HTML(drawn(heading, _("Send the link"), _("It opens this run, with everything that is shown of it.")))
        who = gr.Radio(
            label=_("Who may see this run"),
            info=_("They can look at it, try its model and download it; only you and administrators can change it."),
            choices=[(words, key) for key, words in VIEWERS.items()],
            interactive=True,
            elem_id="share-with",
        )
        link = CodeText(elem_id="share-link")
        works = gr.HTML()

    def show(draft: Draft) -> list[Any]:
        run = run_with_model(services, draft)
        if run is None or not services.may_change(run):
            return [gr.update(visible=False), gr.skip(), gr.skip(), gr.skip()]
        several = services.has_several_people
        shared = share_of(run) if several else Share()
        key = "everybody" if shared.everybody else "link" if shared.secret else "nobody"
        words = _("It works for whoever may see the run.") if several else _("It works on this computer.")
        address = f"{current_person().address}{LINK}{run.id}/{shared.secret or OWN}"
        its_link = {"label": _("Link"), "text": address}
        return [gr.update(visible=True), gr.update(value=key, visible=several), its_link, hint(words)]

    return Section([shown, who, link, works], show, [Wire(who.input, partial(show_to, services), [who])])


def show_to(services: Services, draft: Draft, who: str | None) -> Draft:
    run = run_with_model(services, draft)
    if run is not None:
        services.check_owner(run)
        share(run, everybody=who == "everybody", by_link=who == "link")
    return draft
