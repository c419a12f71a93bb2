"""Every setting, under Advanced: a panel a topic, a search over all of them, and what differs from the defaults."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
from pydantic import BaseModel

from components.changes import Change
from components.charts.curve import curve_html
from components.fold import PANEL, Fold
from components.forms import Form, field_names
from studio.app.drafts import Draft
from studio.config import RunConfig
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.training import TOPICS, TrainingOptions
from studio.training.losses import LOSSES
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import SCHEDULES, in_force, learning_rate_factor

ConfigSection = Literal["strategy", "training", "options"]  # the key of the run file below which a panel's settings lie
CURVE_POINTS = 161
CHOICES = {
    "optimizer": [(f"{entry.title}: {entry.sentence}", entry.name) for entry in OPTIMIZERS],
    "schedule": [(f"{entry.title}: {entry.sentence}", entry.name) for entry in SCHEDULES],
    "loss": [(f"{entry.title}: {entry.sentence}", entry.name) for entry in LOSSES],
}


@dataclass(frozen=True)
class Panel:
    """owner: the strategy or task whose settings these are; "" for training, whose panels are always there."""

    section: ConfigSection
    owner: str
    fold: Fold
    form: Form
    curve: gr.HTML | None = None  # drawn below the form

    def belongs(self, draft: Draft) -> bool:
        chosen = {"strategy": draft.strategy.get("name"), "options": draft.task, "training": ""}
        return chosen[self.section] == self.owner


def build_panels() -> list[Panel]:
    """Drawn where this is called: the strategies' own settings, the topics of training, the tasks' own."""
    kinds: list[tuple[ConfigSection, str, str, type[BaseModel], Sequence[str], bool]] = [
        *(
            ("strategy", each.name, each.title, each.Options, main_ones_first(each.Options), True)
            for each in STRATEGIES
        ),
        *(("training", "", topic.title, TrainingOptions, topic.fields, topic is TOPICS[0]) for topic in TOPICS),
        *(("options", each.name, each.title, each.Options, list(each.Options.model_fields), False) for each in TASKS),
    ]
    panels = []
    for section, owner, title, model, names, is_open in kinds:
        if names:
            with gr.Column(elem_classes=PANEL):
                fold = Fold(title, is_open, {"gone": section != "training"})
                form = Form(model, names, CHOICES, elem_prefix=owner or "training")
                curve = gr.HTML(elem_id="rate-curve") if "schedule" in names else None
                panels.append(Panel(section, owner, fold, form, curve))
    return panels


def main_ones_first(model: type[BaseModel]) -> list[str]:
    return [*field_names(model, advanced=False), *field_names(model, advanced=True)]


def widgets(panels: Sequence[Panel]) -> list[Any]:
    curves = {id(panel): [panel.curve] if panel.curve else [] for panel in panels}
    return [widget for panel in panels for widget in (panel.fold, *panel.form.components, *curves[id(panel)])]


def updates(
    panels: Sequence[Panel], draft: Draft, config: RunConfig, unused_settings: Collection[str], steps: int
) -> list[Any]:
    """For `widgets(panels)`. unused_settings: of training, under the present choices. steps: in all."""
    filled = by_section(config)
    drawn: list[Any] = []
    for panel in panels:
        belongs = panel.belongs(draft)
        hidden = set(unused_settings) if panel.section == "training" else set()
        hidden |= {name for name in panel.form.names if not _found(panel.form, name, draft.search)}
        values = filled[panel.section] if belongs else {}
        gone = not belongs or not panel.form.any_visible(values, hidden)
        drawn.append({"gone": gone, "open": True} if draft.search else {"gone": gone})
        drawn += panel.form.updates(values, hidden)
        drawn += [rate_curve(config, steps)] if panel.curve else []
    return drawn


def by_section(config: RunConfig) -> dict[ConfigSection, Mapping[str, Any]]:
    """Every setting's value, by the section of the run file that it belongs to."""
    return {"strategy": config.strategy, "training": config.training.model_dump(), "options": config.options}


def rate_curve(config: RunConfig, steps: int) -> str:
    """The learning rate from the first to the last step, as far as it is known before training."""
    training = config.training
    follows = OPTIMIZERS[training.optimizer].follows_schedule
    schedule = in_force(training)
    moments = [round(index * (steps - 1) / (CURVE_POINTS - 1)) for index in range(CURVE_POINTS)]
    rates = [config.learning_rate * learning_rate_factor(schedule, step, steps) for step in moments]
    note = "It falls when the checks stop improving." if schedule.schedule == "reduce-on-plateau" else ""
    note = note if follows else "This optimizer needs no schedule: it averages the weights instead."
    return curve_html(rates, "Learning rate", "first step", f"step {steps:,}", note)


def _found(form: Form, name: str, search: str) -> bool:
    field = form.model.model_fields[name]
    text = f"{name} {field.title} {field.description}".casefold().replace("_", " ")
    return all(word in text for word in search.casefold().replace("_", " ").split())


def changes(draft: Draft, config: RunConfig, unused_settings: Collection[str]) -> list[Change]:
    """Settings that are not at their default, and are read."""
    models: dict[ConfigSection, type[BaseModel]] = {
        "strategy": config.chosen_strategy.Options,
        "training": TrainingOptions,
        "options": config.chosen_task.Options,
    }
    found: list[Change] = []
    for section, values in by_section(config).items():
        for name, field in models[section].model_fields.items():
            if (
                name in values
                and values[name] != field.default
                and not (section == "training" and name in unused_settings)
            ):
                found.append({"key": f"{section}.{name}", "title": field.title or name, "value": _word(values[name])})
    return found


def put_back(draft: Draft, key: str) -> Draft:
    """`key` as in `changes`; "" puts everything back, but leaves the strategy chosen."""
    if key:
        return draft.without(key)
    return draft.without("training", "options").configure({"strategy": {"name": draft.strategy["name"]}})


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
