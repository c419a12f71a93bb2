"""1 Model: what to teach, then which pretrained model to start from."""

from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from components.cards import Cards
from components.notices import heading, notice, outline
from studio.app import demos
from studio.app import models as views
from studio.app.drafts import OWN, Draft
from studio.app.pages import Page, Services, Wire, cancel_job, followed, progress_html
from studio.errors import StudioError
from studio.jobs import Job
from studio.models import hub, local
from studio.models.local import READS
from studio.models.sources import locate
from studio.tasks import TASKS

PRIVACY = "Everything is computed where the studio runs, and what you bring stays there. The examples need no network."
WAY = (
    ("Model", "Say what to teach, and start from a model that has learned a lot already."),
    ("Data", "Show it examples with the right answer. What is wrong with them is found."),
    ("Strategy", "Choose how much of the model learns, from a minute's work to all of it."),
    ("Train", "Watch it getting better; pause or stop whenever you like."),
    ("Test", "Try it on examples that it has never seen, before and after."),
)


def build(services: Services) -> Page:
    gr.HTML(heading("What do you want to do?", "Walk through an example in about a minute, or bring your own data."))
    choices = Cards(elem_id="demos")
    way = gr.HTML(elem_id="way")
    task_heading = gr.HTML()
    tasks = Cards(elem_id="tasks", visible=False)
    model_heading = gr.HTML()
    models = Cards(elem_id="models")
    progress = gr.HTML(elem_id="download-progress")
    cancel = gr.Button("Cancel the download", elem_id="download-cancel", size="sm", visible=False)
    with gr.Accordion("Another model", open=False, elem_id="other-models") as others:
        with gr.Row():
            query = gr.Textbox(
                label="Search the Hugging Face Hub",
                info="Asks the Hub over the network; nothing is asked before you do.",
                placeholder="for example: roberta",
                scale=4,
                interactive=True,
                elem_id="hub-query",
            )
            search = gr.Button("Search", scale=1, min_width=100, elem_id="hub-search")
        found_note = gr.HTML(elem_id="hub-note")
        found = Cards(elem_id="hub-found")
        with gr.Row():
            folder = gr.Textbox(
                label="A folder on this machine",
                info="A model in transformers format: config.json and model.safetensors.",
                scale=4,
                interactive=True,
                elem_id="model-folder",
            )
            use_folder = gr.Button("Use it", scale=1, min_width=100, elem_id="use-folder")
    summary = gr.HTML(elem_id="model-summary")
    forward = gr.Button("Continue to data", variant="primary", elem_id="to-data")
    outputs = [choices, way, task_heading, tasks, model_heading, models, others, found_note, found, summary, forward]

    def show(draft: Draft) -> list[Any]:
        chosen = draft.task is not None
        teaching = chosen or works_with_own(draft)
        note, cards = found_models(services, draft)
        return [
            demos.cards(draft),
            way_html() if draft.demo is None else "",
            task_title() if teaching else "",
            gr.update(value=task_cards(draft), visible=teaching),
            model_title() if chosen else "",
            gr.update(value=model_cards(services, draft) if chosen else None, visible=chosen),
            gr.update(visible=chosen),
            note,
            cards,
            views.summary(draft, services.home),
            gr.update(visible=chosen, interactive=not missing(draft)),
        ]

    wires = [
        Wire(choices.select, partial(choose_demo, services), event=True, go="data", stays=works_with_own),
        Wire(tasks.select, choose_task, event=True),
        Wire(models.select, partial(choose_card, services), event=True),
        Wire(found.select, partial(choose_card, services), event=True),
        Wire(search.click, partial(search_hub, services), [query]),
        Wire(query.submit, partial(search_hub, services), [query]),
        Wire(use_folder.click, partial(choose_folder, services), [folder]),
        Wire(folder.submit, partial(choose_folder, services), [folder]),
        Wire(cancel.click, partial(cancel_job, services)),
        Wire(forward.click, lambda draft: draft, go="data"),
    ]
    return Page("model", "Model", outputs, show, wires, missing, progress=progress, cancel=cancel)


def missing(draft: Draft) -> str:
    if draft.task is None:
        return "Choose what to teach first."
    return "" if draft.model else "Choose a starting model first."


# --- drawing ------------------------------------------------------------------------------------


def way_html() -> str:
    """What awaits somebody who has not begun yet."""
    return heading("How it goes", PRIVACY, level=3) + outline(WAY)


def task_title() -> str:
    return heading("What do you want to teach?", "Choose the kind of answer that you need.")


def model_title() -> str:
    return heading("Pick a starting model", "It has learned from much data already; you teach it the rest.")


def task_cards(draft: Draft) -> dict[str, Any]:
    """The tasks below the headings of their groups, in the order in which the groups first come."""
    groups = list(dict.fromkeys(task.group for task in TASKS))
    return {
        "label": "What to teach",
        "selected": draft.task,
        "cards": [
            {"key": task.name, "title": task.title, "text": task.sentence, "icon": task.icon, "group": task.group}
            for task in sorted(TASKS, key=lambda task: groups.index(task.group))
        ],
    }


def model_cards(services: Services, draft: Draft) -> dict[str, Any]:
    known = hub.last_reach(services.home)
    reason = known.reason if known and not known.reachable else ""
    return views.cards(draft, services.home, services.machine, reason, services.settings.trust_remote_code)


def found_models(services: Services, draft: Draft) -> tuple[str, dict[str, Any] | None]:
    """What the last search brought: a note, and cards."""
    result = services.searches.get(draft.id)
    if result is None:
        return "", None
    if not result.reachable:
        return notice("warning", "The Hub cannot be asked.", result.reason, "Models on this machine work."), None
    if not result.models:
        return notice("info", "Nothing was found.", "", "Try another word."), None
    return "", views.found_cards(result, draft, services.machine)


# --- changing the draft ---------------------------------------------------------------------------


def choose_demo(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Fill every step with a demo, or go back to data of one's own."""
    name = str(event["key"])
    if name == OWN:
        return demos.own_data(draft)
    known = demos.current(draft)
    return draft if known and known.name == name else (yield from demos.begin(services, draft, name))


def works_with_own(draft: Draft) -> bool:
    return draft.demo == OWN


def choose_task(draft: Draft, event: dict[str, Any]) -> Draft:
    task = TASKS[str(event["key"])].name
    if task == draft.task:
        return draft
    return Draft(id=draft.id, page=draft.page, folders=draft.folders, demo=OWN, task=task)


def choose_card(services: Services, draft: Draft, event: dict[str, Any]) -> Generator[str, None, Draft]:
    """Take a model; one that is not on this machine is downloaded first."""
    model = str(event["key"])
    if locate(model, home=services.home) is None:
        yield progress_html(f"Asking the Hub for {model}")
        reach = hub.reach(services.home)
        if not reach.reachable:
            raise StudioError(
                f"{views.title_of(model)} cannot be downloaded.",
                reach.reason,
                "Connect to the internet and choose it again, or take a model that is on this machine.",
            )
        job = Job("studio.models.process", {"op": "fetch", "model": model, "home": str(services.home.root)})
        draft = yield from followed(services, draft, job)
        if job.cancelled:
            return draft
    return take(services, draft, model)


def choose_folder(services: Services, draft: Draft, folder: str | None) -> Draft:
    path = Path((folder or "").strip()).expanduser()
    if not (folder or "").strip() or not path.is_dir():
        raise StudioError(f"There is no folder '{folder or ''}'.", "Nothing lies at this path.", "Check the path.")
    chosen = str(path.resolve())
    known = draft.folders if chosen in draft.folders else (*draft.folders, chosen)
    return take(services, draft.change(folders=known), chosen)


def take(services: Services, draft: Draft, model: str) -> Draft:
    """The draft with this model, if the model can be fine-tuned for the draft's task."""
    info = local.describe(model, services.settings.trust_remote_code, services.home)
    task = TASKS[str(draft.task)]
    if not info.fits(task.model):
        why = " ".join(info.problems) or f"It does not read {READS[task.model.processor]}."
        raise StudioError(f"{views.title_of(model)} cannot be used here.", why, "Choose another model.")
    if model == draft.model:
        return draft
    return draft.change(model=model, preset=None, strategy={}, training={}, run=None)


def search_hub(services: Services, draft: Draft, query: str | None) -> Generator[str, None, Draft]:
    if not (query or "").strip():
        raise StudioError("There is nothing to search for.", "The field is empty.", "Type a word, such as 'roberta'.")
    yield progress_html("Asking the Hub")
    tags = TASKS[str(draft.task)].model.search_tags
    services.searches[draft.id] = hub.search(str(query), tags, limit=12, home=services.home)
    return services.drafts.load(draft.id)
