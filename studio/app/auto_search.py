"""Finding the best model for the data by itself: one press beside Start, with the minutes that it may take."""

from typing import Any

import gradio as gr

from components.message import Message
from components.words import spoken
from studio.app.drafts import Draft
from studio.app.foreign import check_named
from studio.app.outlook import subject
from studio.app.pages import Place, Section, Services, Wire
from studio.app.sweep_search import check_may_begin, create, has_begun, is_searching, pick
from studio.errors import StudioError
from studio.language import _
from studio.preflight import check
from studio.sweeps.auto import auto_text
from studio.sweeps.candidates import Subject, plan
from studio.sweeps.driver import start_driver

USUAL_MINUTES, MOST_MINUTES = 5, 1440
FIND = _("Find the best for my data")
HELP = _("Tries several ways of training, the most promising first, and keeps the best.")


def auto(services: Services) -> Section:
    minutes = gr.Number(
        label=_("Minutes"), info=HELP, value=USUAL_MINUTES, minimum=1, maximum=MOST_MINUTES, elem_id="auto-minutes"
    )
    find = gr.Button(FIND, elem_id="auto-start")
    said = Message(elem_id="auto-said")

    def show(draft: Draft) -> list[Any]:
        can = not is_searching(services, draft)
        return [gr.update(visible=can), gr.update(visible=can)]

    def begin(draft: Draft, entered: float | None) -> Draft:
        return begin_auto(services, draft, entered)

    return Section([minutes, find], show, [Wire(find.click, begin, [minutes], place=Place(said))])


def begin_auto(services: Services, draft: Draft, minutes: float | None) -> Draft:
    """Write down what will be tried, and start the process that tries it."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= MOST_MINUTES:
        raise StudioError(
            _("The search cannot begin."),
            _("It needs a number of minutes, {most:,} at most.", most=MOST_MINUTES),
            _("Enter one, such as 5."),
        )
    config = draft.run_config()
    check_named(config, services.home)
    check(config, services.home, services.settings.trust_remote_code)
    about = subject(services, draft)
    facts = Subject(about.structure, about.architecture.config, about.rows, about.length, about.classes)
    with services.workspaces.current.starting:
        check_may_begin(services, 1)
        if has_begun(services, draft):
            return pick(draft, "")  # another tab has begun it at the same moment
        text = auto_text(config, plan(config, facts, minutes, services.machine, services.home), minutes)
        sweep = create(services, draft, text, spoken(_("Best of {minutes} minutes", minutes=f"{minutes:g}")))
        start_driver(sweep, services.settings.environment)
    return pick(draft, "")
