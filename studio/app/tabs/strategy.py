"""3 Strategy: how much of the model to train. Three presets first, every setting under Advanced."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import gradio as gr

from components.cards import Cards
from components.forms import Form
from components.layers import LayerStrip
from components.notices import heading, notice
from components.tables import metric_cards
from studio.app.drafts import Draft
from studio.app.models import size
from studio.app.outlook import Outlook, Subject, outlook, preset_draft, subject
from studio.app.pages import Page, Services, Wire, committed
from studio.errors import StudioError
from studio.presets import PRESETS
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.training import TrainingOptions
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import SCHEDULES

CHOICES = {
    "optimizer": [(entry.title, entry.name) for entry in OPTIMIZERS],
    "schedule": [(entry.title, entry.name) for entry in SCHEDULES],
}
CUSTOM = "custom"


def build(services: Services) -> Page:
    gr.HTML(heading("How much should the model learn?", "Start with Quick; you can always run another one after it."))
    presets = Cards(elem_id="presets")
    with gr.Row(elem_classes="split-row"):
        with gr.Column(scale=3, min_width=300):
            numbers = gr.HTML(elem_id="strategy-numbers")
            verdict = gr.HTML(elem_id="strategy-verdict")
        with gr.Column(scale=2, min_width=260):
            strip = LayerStrip(elem_id="layers")
    with gr.Accordion("Advanced: every setting", open=False, elem_id="advanced"):
        choice = gr.Dropdown(
            [(strategy.title, strategy.name) for strategy in STRATEGIES],
            label="Way of training (strategy)",
            interactive=True,
            elem_id="strategy",
        )
        sentence = gr.HTML()
        groups, forms = option_forms(STRATEGIES)
        gr.HTML(heading("Training", level=3))
        training = Form(TrainingOptions, choices=CHOICES, elem_prefix="training")
        task_groups, task_forms = option_forms(TASKS)
    forward = gr.Button("Continue to training", variant="primary", elem_id="to-train")

    shown_for = {
        **{groups[name]: ("strategy", name) for name in groups},
        **{task_groups[name]: ("task", name) for name in task_groups},
    }
    every_form = [*forms.values(), training, *task_forms.values()]
    form_widgets = [widget for form in every_form for widget in form.components]
    outputs = [presets, numbers, verdict, strip, choice, sentence, *shown_for, *form_widgets, forward]

    def show(draft: Draft) -> list[Any]:
        if missing_before(services, draft):
            return [gr.skip()] * len(outputs)
        about = subject(services, draft)
        cards = preset_cards(services, draft, about)
        if not draft.strategy:
            return [cards, *[gr.skip()] * (len(outputs) - 2), gr.update(interactive=False)]
        config = draft.config()
        now = outlook(services, about, config)
        chosen = {"strategy": config.chosen_strategy.name, "task": config.task}
        filled = {
            config.chosen_strategy.name: config.strategy,
            "": config.training.model_dump(),
            config.task: config.options,
        }
        return [
            cards,
            numbers_html(now),
            notice("bad", now.problem) if now.problem else notice(now.tone, now.verdict),
            {"layers": list(now.layers)},
            chosen["strategy"],
            f"<p class='hint'>{config.chosen_strategy.sentence}</p>",
            *[gr.update(visible=chosen[kind] == name) for kind, name in shown_for.values()],
            *[
                update
                for name, form in zip([*forms, "", *task_forms], every_form, strict=True)
                for update in form.updates(filled.get(name, {}))
            ],
            gr.update(interactive=not now.problem),
        ]

    wires = [
        Wire(presets.select, partial(choose_preset, services), event=True),
        Wire(choice.input, choose_strategy, [choice]),
        *form_wires(forms, lambda draft: draft.strategy.get("name"), set_strategy),
        *form_wires({"training": training}, lambda draft: "training", set_training),
        *form_wires(task_forms, lambda draft: draft.task, set_options),
        Wire(forward.click, lambda draft: draft, go="train"),
    ]
    return Page("strategy", "Strategy", outputs, show, wires, missing)


def form_wires(forms: Mapping[str, Form], current: Any, change: Any) -> list[Wire]:
    """A wire from every widget of every form to `change(draft, settings)`; only the shown form counts."""

    def apply(name: str, form: Form, draft: Draft, *raw: Any) -> Draft:
        if current(draft) != name:
            return draft
        try:
            values = form.values(*raw)
        except ValueError as error:
            raise StudioError("A setting cannot be read.", str(error), "Correct it.") from error
        changed: Draft = change(draft.change(preset=CUSTOM), values)
        changed.config()  # says in plain words what does not fit
        return changed

    return [
        Wire(listener, partial(apply, name, form), form.components)
        for name, form in forms.items()
        for widget in form.components
        for listener in committed(widget)
    ]


def option_forms(entries: Iterable[Any]) -> tuple[dict[str, gr.Group], dict[str, Form]]:
    """A form for each entry that has settings, each in a group that is shown when its entry is chosen."""
    groups, forms = {}, {}
    for entry in entries:
        if entry.Options.model_fields:
            with gr.Group(visible=False) as groups[entry.name]:
                forms[entry.name] = Form(entry.Options, elem_prefix=entry.name)
    return groups, forms


def missing_before(services: Services, draft: Draft) -> bool:
    return draft.task is None or draft.model is None or services.datasets.imported(draft) is None


def missing(draft: Draft) -> str:
    return "" if draft.strategy else "Choose how much to train first."


# --- drawing ------------------------------------------------------------------------------------


def preset_cards(services: Services, draft: Draft, about: Subject) -> dict[str, Any]:
    """Each preset with what it would train and how long it would take here."""
    cards = []
    for preset in PRESETS:
        would = outlook(services, about, preset_draft(draft, about, preset.name).config())
        tags = [
            {"text": f"trains {size(would.preview.trainable)} parameters"},
            {"text": would.time_words},
            {"text": would.memory_words, "tone": would.tone},
        ]
        cards.append(
            {"key": preset.name, "title": preset.title, "text": preset.sentence, "icon": preset.icon, "tags": tags}
        )
    return {"label": "How much to train", "selected": draft.preset, "cards": cards}


def numbers_html(now: Outlook) -> str:
    return metric_cards(
        [
            {"label": "Trained parameters", "value": size(now.preview.trainable), "note": f"{now.share:.1%} of all"},
            {"label": "Time on this machine", "value": now.time_words, "note": "an estimate"},
            {"label": "Memory", "value": now.memory_words, "note": "an estimate"},
        ]
    )


# --- changing the draft ---------------------------------------------------------------------------


def choose_preset(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    return preset_draft(draft, subject(services, draft), str(event["key"]))


def choose_strategy(draft: Draft, name: str) -> Draft:
    training = {key: value for key, value in draft.training.items() if key != "learning_rate"}
    return draft.change(preset=CUSTOM, strategy={"name": STRATEGIES[name].name}, training=training)


def set_strategy(draft: Draft, values: dict[str, Any]) -> Draft:
    return draft.change(strategy={"name": draft.strategy["name"], **values})


def set_training(draft: Draft, values: dict[str, Any]) -> Draft:
    return draft.change(training=values)


def set_options(draft: Draft, values: dict[str, Any]) -> Draft:
    return draft.change(options=values)
