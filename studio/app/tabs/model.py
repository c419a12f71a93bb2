"""1 Model: what to teach, then which pretrained model to start from."""

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from components.cards import Cards
from components.notices import heading, notice, outline
from components.progress import Progress, progress_html
from components.words import drawn
from studio.app import demos, model_cards, undo
from studio.app.access.person import current_person
from studio.app.demo_times import time_words
from studio.app.drafts import OWN, Draft
from studio.app.foreign import foreign_folder, is_foreign_model
from studio.app.glossary import explained
from studio.app.model_cards import title_of
from studio.app.pages import Page, Section, Services, Wire, cancel_job, followed, hint, joined
from studio.app.times import newest_runs
from studio.errors import StudioError
from studio.jobs import Job
from studio.language import _, sentences
from studio.models import hub, local
from studio.models.sources import local_folder, locate
from studio.tasks import TASKS

QUESTION, WAYS_IN = _("What do you want to do?"), _("Walk through an example, or use your own data.")
PRIVACY = _("Everything is computed where the studio runs, and your data stays there. The examples need no network.")
TASK, MODEL = "task", "starting-model"  # the places of this page where something can be undone
WAY = (
    (_("Model"), _("Say what to teach, and start from a model that has already learned a lot.")),
    (_("Data"), _("Show it examples with the right answer. Problems in them are pointed out.")),
    (_("Strategy"), _("Choose how much of the model learns, from a minute's work to all of it.")),
    (_("Train"), _("Watch it improve; pause or stop whenever you like.")),
    (_("Test"), _("Try it on examples kept out of the training, before and after.")),
)


def build(services: Services) -> Page:
    begin = example_or_own(services)
    switched = undo.undoing(TASK)
    offered = starting_models(services)
    progress = Progress(elem_id="download-progress")
    cancel = gr.Button(_("Cancel"), elem_id="download-cancel", size="sm", visible=False)
    others = other_models(services)
    outputs, show, wires = joined(begin, switched, offered, others, undo.undoing(MODEL), chosen_model(services))
    page = Page(
        "model", _("Model"), outputs, show, [*wires, Wire(cancel.click, partial(cancel_job, services))], missing
    )
    way_on, chooses = ("data", _("Continue to data")), partial(settle, services)
    return replace(page, settle=chooses, way_on=way_on, progress=progress, cancel=cancel)


def example_or_own(services: Services) -> Section:
    """The guided demos and data of one's own; for that, what to teach."""
    head = gr.HTML(drawn(heading, QUESTION, WAYS_IN), elem_id="begin")
    choices = Cards(elem_id="demos")
    way = gr.HTML(elem_id="way")
    task_heading = gr.HTML()
    tasks = Cards(elem_id="tasks", visible=False, opens="starting-models")

    def show(draft: Draft) -> list[Any]:
        teaching = draft.task is not None or works_with_own(draft)
        return [
            heading(QUESTION, sentences(WAYS_IN, services.allowance)),
            demos.cards(
                draft,
                partial(time_words, services, runs=newest_runs(services)),
                partial(demos.lacking_model, home=services.home),
            ),
            way_html() if draft.demo is None else "",
            task_title() if teaching else "",
            gr.update(value=task_cards(draft), visible=teaching),
        ]

    wires = [
        Wire(choices.select, partial(choose_demo, services), event=True, go="data", stays=works_with_own),
        Wire(tasks.select, partial(choose_task, services), event=True),
    ]
    return Section([head, choices, way, task_heading, tasks], show, wires)


def starting_models(services: Services) -> Section:
    """Models on this machine and of the curated list."""
    model_heading = gr.HTML(elem_id="starting-models")
    models = Cards(elem_id="models")

    def show(draft: Draft) -> list[Any]:
        chosen = draft.task is not None
        cards = offered_models(services, draft) if chosen else None
        return [model_title(services, draft, cards) if cards else "", gr.update(value=cards, visible=chosen)]

    wires = [Wire(models.select, partial(choose_card, services), event=True)]
    return Section([model_heading, models], show, wires)


def other_models(services: Services) -> Section:
    """A search of the Hub, and a folder of this machine."""
    with gr.Accordion(_("Another model"), open=False, elem_id="other-models") as others:
        hub_search = searching(services)
        folder_field = naming_a_folder(services)
    shown = Section([others], lambda draft: [gr.update(visible=draft.task is not None)], [])
    return joined(shown, hub_search, folder_field)


def searching(services: Services) -> Section:
    with gr.Row():
        query = gr.Textbox(
            label=_("Search the Hugging Face Hub"),
            info=_("Asks the Hub over the network, and only when you press Search."),
            placeholder=_("for example: {name}", name="roberta"),
            scale=4,
            interactive=True,
            elem_id="hub-query",
        )
        search = gr.Button(_("Search"), scale=1, min_width=100, elem_id="hub-search")
    found_note = gr.HTML(elem_id="hub-note")
    found = Cards(elem_id="hub-found")
    wires = [
        Wire(search.click, partial(search_hub, services), [query]),
        Wire(query.submit, partial(search_hub, services), [query]),
        Wire(found.select, partial(choose_card, services), event=True),
    ]
    return Section([found_note, found], lambda draft: [*found_models(services, draft)], wires)


def naming_a_folder(services: Services) -> Section:
    with gr.Row() as own:
        folder = gr.Textbox(
            label=_("A folder on this machine"),
            info=_("A model in transformers format: config.json and model.safetensors."),
            scale=4,
            interactive=True,
            elem_id="model-folder",
        )
        use_folder = gr.Button(_("Use it"), scale=1, min_width=100, elem_id="use-folder")
    wires = [
        Wire(listener, partial(choose_folder, services), [folder]) for listener in (use_folder.click, folder.submit)
    ]
    return Section([own], lambda draft: [gr.update(visible=current_person().is_admin)], wires)


def chosen_model(services: Services) -> Section:
    summary = gr.HTML(elem_id="model-summary")
    return Section([summary], lambda draft: [summary_html(services, draft)], [])


def missing(draft: Draft) -> str:
    if draft.task is None:
        own = works_with_own(draft)
        return _("Choose what to teach first.") if own else _("Choose an example or your own data first.")
    return "" if draft.model else _("Choose a starting model first.")


# --- drawing ------------------------------------------------------------------------------------


def way_html() -> str:
    """The steps ahead, for somebody who has not begun yet."""
    return heading(_("How it works"), PRIVACY, level=3) + outline(WAY)


def task_title() -> str:
    return heading(_("What do you want to teach?"), _("Choose the kind of answer that you need."))


def model_title(services: Services, draft: Draft, offered: dict[str, Any]) -> str:
    if all(card.get("disabled") for card in offered["cards"]):
        nothing = _(
            "None of these models can be used now. Connect to the internet, or name a folder below, under “Another "
            "model”."
        )
        return heading(_("Pick a starting model"), nothing)
    words = explained(
        _("A pretrained model has already learned from a lot of data; you teach it the rest (fine-tuning)."),
        *("pretrained", "fine-tuning"),
    )
    to_do = ""
    if draft.model is None:
        to_do = _("Choose one; what is not on this machine yet is downloaded once.")
    elif draft.model == recommended(services, draft):
        to_do = _("{model} is recommended: it is here, and it fits this machine.", model=title_of(draft.model))
    return heading(_("Pick a starting model"), words) + (hint(to_do) if to_do else "")


def task_cards(draft: Draft) -> dict[str, Any]:
    """The tasks below the headings of their groups, in the order in which the groups first come."""
    groups = list(dict.fromkeys(task.group for task in TASKS))
    return {
        "label": _("What to teach"),
        "selected": draft.task,
        "cards": [
            {"key": task.name, "title": task.title, "text": task.sentence, "icon": task.icon, "group": task.group}
            for task in sorted(TASKS, key=lambda task: groups.index(task.group))
        ],
    }


def offered_models(services: Services, draft: Draft) -> dict[str, Any]:
    known = hub.last_reach(services.home)
    reason = known.reason if known and not known.reachable else ""
    return model_cards.cards(draft, services.home, services.machine, reason, services.settings.trust_remote_code)


def recommended(services: Services, draft: Draft) -> str | None:
    return model_cards.recommended(draft, services.home, services.machine, services.settings.trust_remote_code)


def summary_html(services: Services, draft: Draft) -> str:
    """On the chosen model: that it is ready, or why it cannot be used. How it is built is read from now on."""
    try:
        if draft.task and draft.model and locate(draft.model, home=services.home):
            services.architectures.current(draft)
    except StudioError as error:
        problem = error.explanation
        return notice("bad", problem.what, problem.why, problem.what_to_do)
    return model_cards.summary(draft, services.home, services.settings.trust_remote_code)


def found_models(services: Services, draft: Draft) -> tuple[str, dict[str, Any] | None]:
    """The results of the last search: a note, and cards."""
    result = services.searches.get(draft.id)
    if result is None:
        return "", None
    if not result.reachable:
        return notice("warning", _("The Hub cannot be asked."), result.reason, _("Models on this machine work.")), None
    if not result.models:
        return notice("info", _("Nothing was found."), "", _("Try another word.")), None
    return "", model_cards.found_cards(result, draft, services.machine)


# --- changing the draft ---------------------------------------------------------------------------


def settle(services: Services, draft: Draft) -> Draft:
    """Whoever has chosen no model starts from the one that is recommended."""
    if draft.task is None or draft.model:
        return draft
    try:
        model = recommended(services, draft)
    except StudioError:
        return draft  # the page says why it cannot be drawn
    return draft.configure({"model": {"id": model}}) if model else draft


def choose_demo(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Fill every step with a demo, or go back to data of one's own."""
    name = str(event["key"])
    if name == OWN:
        return settle(services, demos.own_data(draft))
    known = demos.current(draft)
    return draft if known and known.name == name else (yield from demos.begin(services, draft, name))


def works_with_own(draft: Draft) -> bool:
    return draft.demo == OWN


def choose_task(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    """Another task begins anew, or as it was left. What was chosen for the former one is kept for it."""
    task = TASKS[str(event["key"])]
    if task.name == draft.task:
        return draft
    former = demos.own_data(draft) if demos.current(draft) else draft
    if former.task == task.name:  # set aside while a demo was shown
        return undo.taken(draft, former, TASK, _("What you chose for “{task}” is back.", task=task.title))
    more = former.task if has_choices(services, former) else None  # the former task, if more than it was chosen
    kept = {**former.kept, more: former.choices()} if more else former.kept
    begun = settle(services, former.change(kept=kept).fresh(demo=OWN, config={"task": task.name}))
    if back := kept.get(task.name):
        said = _("What you chose for “{task}” is back.", task=task.title)
        return undo.taken(draft, begun.with_choices(back).change(demo=OWN), TASK, said)
    if more is None:
        return begun
    said = _("What you chose for “{task}” is kept, and comes back with it.", task=TASKS[more].title)
    return undo.taken(draft, begun, TASK, said)


def has_choices(services: Services, draft: Draft) -> bool:
    """Whether more was chosen than a task alone, for which the model is chosen by the page."""
    alone = draft.fresh(config={"task": draft.task} if draft.task else {})
    return draft.config not in (alone.config, settle(services, alone).config)


def choose_card(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Take a model; one that is not on this machine is downloaded first."""
    model = str(event["key"])
    if is_foreign_model(model):
        raise foreign_folder()
    if locate(model, home=services.home) is None:
        yield progress_html(_("Asking the Hub for {model}", model=model))
        reach = hub.reach(services.home)
        if not reach.reachable:
            raise StudioError(
                _("{model} cannot be downloaded.", model=title_of(model)),
                reach.reason,
                _("Connect to the internet and choose it again, or take a model that is on this machine."),
            )
        job = Job("studio.models.process", {"op": "fetch", "model": model, "home": str(services.home.root)})
        draft = yield from followed(services, draft, job)
        if job.cancelled:
            return draft
    return take(services, draft, model)


def choose_folder(services: Services, draft: Draft, folder: str | None) -> Draft:
    if not current_person().is_admin:
        raise foreign_folder()
    named = (folder or "").strip()
    path = local_folder(named) if named else None
    if path is None:
        what = _("There is no folder '{folder}'.", folder=named[:200])
        raise StudioError(what, _("There is nothing at this path."), _("Check the path."))
    chosen = str(path)
    known = draft.folders if chosen in draft.folders else (*draft.folders, chosen)
    return take(services, draft.change(folders=known), chosen)


def take(services: Services, draft: Draft, model: str) -> Draft:
    """The draft with this model, if the model can be fine-tuned for the draft's task."""
    if is_foreign_model(model):
        raise foreign_folder()
    info = local.describe(model, services.settings.trust_remote_code, services.home)
    task = TASKS[str(draft.task)]
    if not info.fits(task.model):
        raise StudioError(
            _("{model} cannot be used here.", model=title_of(model)),
            sentences(*info.problems, info.lacks(task.model)),
            _("Choose another model."),
        )
    services.architectures.forget(draft.configure({"model": {"id": model}}))  # what failed may be fixed by now
    if model == draft.model:
        return draft
    chosen = draft.without("strategy", "training").configure({"model": {"id": model}}).change(preset=None, run=None)
    if not draft.strategy:
        return chosen
    return undo.taken(draft, chosen, MODEL, _("The strategy was for the other model: choose a new one."))


def search_hub(services: Services, draft: Draft, query: str | None) -> Generator[str, None, Draft]:
    if not (query or "").strip():
        raise StudioError(
            _("There is nothing to search for."), _("The field is empty."), _("Type a word, such as 'roberta'.")
        )
    yield progress_html(_("Asking the Hub"))
    tags = TASKS[str(draft.task)].model.search_tags
    services.searches[draft.id] = hub.search(str(query), tags, limit=12, home=services.home)
    return services.drafts.load(draft.id)
