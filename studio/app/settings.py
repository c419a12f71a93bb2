"""Every setting, under Advanced: a panel a topic, a search over all of them, and what differs from the defaults."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from components.changes import Change
from components.charts.curve import curve_html
from components.forms import FieldValue, FormValue, GroupValue, field_names
from components.words import spoken
from studio.app import entries
from studio.app.drafts import Draft
from studio.app.glossary import OF_SETTINGS
from studio.config import RunConfig
from studio.language import _, number
from studio.registry import Registry
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.training import TOPICS, TrainingOptions
from studio.training.losses import LOSSES
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import SCHEDULES, in_force, learning_rate_factor

ConfigSection = Literal["strategy", "training", "options"]  # the key of the run file below which a panel's settings lie
CURVE_POINTS = 161
CUSTOM = "custom"  # the preset of a draft whose settings are a person's own
REGISTRIES: dict[str, Registry[Any]] = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "loss": LOSSES}
CHOICES = {
    setting: [(_("{title}: {words}", title=entry.title, words=entry.sentence), entry.name) for entry in entries]
    for setting, entries in REGISTRIES.items()
}


@dataclass(frozen=True)
class Panel:
    """Settings under one heading.

    owner: the strategy or task whose settings these are; "" for training, whose panels are always there.
    """

    section: ConfigSection
    owner: str
    title: str
    model: type[BaseModel]
    names: Sequence[str]
    is_open: bool = False

    @property
    def key(self) -> str:
        return "/".join((self.section, self.owner, self.title))

    def belongs(self, draft: Draft) -> bool:
        chosen = {"strategy": draft.strategy.get("name"), "options": draft.task, "training": ""}
        return chosen[self.section] == self.owner


def all_panels() -> dict[str, Panel]:
    """The strategies' own settings, the topics of training, the tasks' own; by key."""
    panels = [
        *(
            Panel("strategy", each.name, each.title, each.Options, main_ones_first(each.Options), True)
            for each in STRATEGIES
        ),
        *(Panel("training", "", topic.title, TrainingOptions, topic.fields, topic is TOPICS[0]) for topic in TOPICS),
        *(Panel("options", each.name, each.title, each.Options, list(each.Options.model_fields)) for each in TASKS),
    ]
    return {panel.key: panel for panel in panels}


def main_ones_first(model: type[BaseModel]) -> list[str]:
    return [*field_names(model, advanced=False), *field_names(model, advanced=True)]


def form_value(draft: Draft, config: RunConfig, unused_settings: Collection[str], steps: int) -> FormValue:
    """The panels that belong to the draft's choices, with what a search leaves of them.

    unused_settings: of training, under the present choices. steps: in all.
    """
    filled = by_section(config)

    def group(panel: Panel) -> GroupValue:
        unused = unused_settings if panel.section == "training" else ()
        names = [name for name in panel.names if name not in unused and _found(panel.model, name, draft.search)]
        return {
            "key": panel.key,
            "title": panel.title,
            "prefix": panel.owner or panel.section,
            "fields": fields_of(draft, panel, names, filled),
            "open": panel.is_open,
            "unfolded": bool(draft.search),
            "below": rate_curve(config, steps) if "schedule" in names else "",
        }

    groups = [group(panel) for panel in all_panels().values() if panel.belongs(draft)]
    found = [each for each in groups if each["fields"]]
    return (
        {"groups": found}
        if found
        else {"groups": [], "nothing": _("No setting matches '{search}'.", search=draft.search)}
    )


def enter(draft: Draft, event: Mapping[str, Any]) -> Draft:
    """What a field of the form now holds. Whoever begins with a setting has chosen the usual strategy by it."""
    panel, name = all_panels().get(str(event["group"])), str(event["name"])
    if panel is None or name not in panel.names or not panel.belongs(draft):
        return draft

    def take(draft: Draft, value: Any) -> Draft:
        config = draft.run_config()
        if by_section(config)[panel.section].get(name, panel.model.model_fields[name].default) == value:
            return draft
        begun = {"strategy.name": config.strategy["name"]}
        return draft.configure({**begun, f"{panel.section}.{name}": value}).change(preset=CUSTOM)

    return entries.enter(draft, panel.key, panel.model, name, event["value"], take)


def fields_of(
    draft: Draft, panel: Panel, names: Sequence[str], filled: Mapping[ConfigSection, Mapping[str, Any]]
) -> list[FieldValue]:
    fields = entries.filled_fields(draft, panel.key, panel.model, names, filled[panel.section], CHOICES)
    return [{**field, "term": term} if (term := OF_SETTINGS.get(field["name"])) else field for field in fields]


def refusal(draft: Draft) -> str:
    """What has to be corrected in the form before a run can be started; "" if nothing."""
    filled = by_section(draft.run_config())
    panels = [panel for panel in all_panels().values() if panel.belongs(draft)]
    return entries.first_refusal([each for panel in panels for each in fields_of(draft, panel, panel.names, filled)])


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
    note = _("It falls when the checks stop improving.") if schedule.schedule == "reduce-on-plateau" else ""
    note = note if follows else _("This optimizer needs no schedule: it averages the weights instead.")
    return curve_html(rates, _("Learning rate"), _("first step"), _("step {number:,}", number=steps), note)


def _found(model: type[BaseModel], name: str, search: str) -> bool:
    field = model.model_fields[name]
    words = [name, *(str(each) for text in (field.title, field.description) for each in (text, spoken(text)))]
    text = " ".join(words).casefold().replace("_", " ")
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
    rest, name = draft.without("training", "options"), draft.strategy.get("name")
    return rest.configure({"strategy": {"name": name}}) if name else rest


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return number(value, "g") if isinstance(value, float) else str(value)
