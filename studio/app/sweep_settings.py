"""Which settings a search for the best ones lets vary, and over what: the forms for that, and the run file of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml
from pydantic import BaseModel

from components.forms import FieldValue, FormValue, GroupValue, kind_of, shown
from studio.app import entries
from studio.app.drafts import Draft, Search
from studio.app.glossary import OF_SETTINGS
from studio.app.nested import with_value
from studio.app.settings import REGISTRIES, by_section, main_ones_first
from studio.config import RunConfig
from studio.errors import StudioError
from studio.language import _
from studio.options import mistake_in
from studio.sweeps.options import SweepOptions
from studio.sweeps.space import SECTION
from studio.training import TOPICS, TrainingOptions
from studio.training.checks import CheckOptions
from studio.training.computing import ComputingOptions
from studio.yaml_text import parsed

VARY, HOW = "vary", "sweep"  # of the keys of groups
USUAL = ("training.learning_rate", "training.epochs")
SMALL = 0.01  # what is below matters by its order of magnitude
METHODS = (
    (_("Learn from the trials so far (TPE)"), "tpe"),
    (_("A Gaussian process: few, costly trials"), "gp"),
    (_("CMA-ES: many numbers at once"), "cma-es"),
    (_("Random"), "random"),
    (_("Every combination (grid)"), "grid"),
)
PRUNING = ((_("Median"), "median"), (_("Hyperband"), "hyperband"), (_("Let all end"), "none"))
HOW_CHOICES = {"method": METHODS, "pruning": PRUNING}
HOW_GROUPS = (
    (_("How long"), ("trials", "minutes"), True),
    (_("How to search"), ("method", "pruning", "together", "seed"), False),
)


@dataclass(frozen=True)
class Varying:
    """A setting that can vary. choices: (title, value) each; empty for a number. value: what it is now."""

    path: str
    model: type[BaseModel]
    choices: tuple[tuple[str, Any], ...]
    value: Any

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def title(self) -> str:
        return self.model.model_fields[self.name].title or self.name

    def written(self, value: Any) -> str | None:
        """The title of a choice."""
        return next((title for title, choice in self.choices if choice == value), None)

    def usual(self) -> dict[str, Any]:
        """Over what it varies until somebody says otherwise."""
        return {"choices": [value for _title, value in self.choices]} if self.choices else self._usual_range()

    def _usual_range(self) -> dict[str, Any]:
        """Around the value: by its order of magnitude where that is what matters, else from half to twice."""
        least, most = self.bounds
        if kind_of(self.model.model_fields[self.name].annotation).base is int:
            value = self.value if isinstance(self.value, int) else 16
            return {"low": int(max(value // 2, least)), "high": int(min(2 * value or 4, most))}
        rate = float(self.value) if isinstance(self.value, int | float) else 0.1
        if 0 < rate < SMALL or (self.is_above_zero and most >= 100 * rate):
            return {"low": _short(max(rate / 10, least)), "high": _short(min(rate * 10, most)), "log": True}
        high = (rate + 1) / 2 if 2 * rate >= most else 2 * rate or min(0.3, most)
        return {"low": _short(max(rate / 2, least)), "high": _short(min(high, most))}

    @property
    def is_above_zero(self) -> bool:
        return any(getattr(each, "gt", None) == 0 for each in self.model.model_fields[self.name].metadata)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value that it may have, as far as it is bounded."""
        found = {
            name: float(limit)
            for each in self.model.model_fields[self.name].metadata
            for name in ("ge", "gt", "le", "lt")
            if (limit := getattr(each, name, None)) is not None
        }
        infinite = float("inf")
        return found.get("ge", found.get("gt", -infinite)), found.get("le", found.get("lt", infinite))


def can_vary(config: RunConfig, unused: Collection[str] = ()) -> dict[str, Varying]:
    """Of the strategy and of training, by path; the data do not vary. unused: settings of training that nothing
    reads."""
    strategy = config.chosen_strategy.Options
    topics = [topic for topic in TOPICS if topic.options not in (CheckOptions, ComputingOptions)]
    groups: list[tuple[str, type[BaseModel], list[str]]] = [
        ("training", TrainingOptions, [name for topic in topics for name in topic.fields if name not in unused]),
        ("strategy", strategy, main_ones_first(strategy)),
    ]
    found: dict[str, Varying] = {}
    values = by_section(config)
    for section, model, names in groups:
        known = values[section]  # type: ignore[index]
        for name in names:
            extra = model.model_fields[name].json_schema_extra
            condition = extra.get("shown_if") if isinstance(extra, dict) else None
            if shown(condition if isinstance(condition, Mapping) else {}, known):
                choices, value = _choices(model, name), known.get(name)
                if choices is not None:
                    value = config.learning_rate if name == "learning_rate" else value
                    found[f"{section}.{name}"] = Varying(f"{section}.{name}", model, choices, value)
    return found


def _choices(model: type[BaseModel], name: str) -> tuple[tuple[str, Any], ...] | None:
    """What can be chosen; () for a number, None for what cannot vary here."""
    if name in REGISTRIES:
        return tuple((entry.title, entry.name) for entry in REGISTRIES[name])
    kind = kind_of(model.model_fields[name].annotation)
    if kind.base in (int, float):
        return ()
    if kind.base is bool:
        return None if kind.optional else ((_("yes"), True), (_("no"), False))
    return tuple((word, word) for word in kind.words) if kind.base is None and len(kind.words) > 1 else None


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def varying(draft: Draft, known: Mapping[str, Varying]) -> dict[str, dict[str, Any]]:
    """What varies and over what, by path: what the person chose, as far as it can vary here, else the usual."""
    chosen = draft.searching.vary
    if chosen is None:
        return {path: known[path].usual() for path in USUAL if path in known}
    return {path: space for path, space in chosen.items() if path in known}


# --- the forms -----------------------------------------------------------------------------------


def form_value(draft: Draft, known: Mapping[str, Varying]) -> FormValue:
    spaces = varying(draft, known)
    return {"groups": [*(_group(draft, known[path], space) for path, space in spaces.items()), *how_groups(draft)]}


def _group(draft: Draft, setting: Varying, space: Mapping[str, Any]) -> GroupValue:
    fields = _choice_fields(setting, space) if setting.choices else _range_fields(draft, setting, space)
    return {
        "key": f"{VARY}/{setting.path}",
        "title": setting.title,
        "prefix": f"vary-{setting.name}",
        "fields": [{**each, "within": setting.title} for each in fields],
        "open": True,
    }


def _choice_fields(setting: Varying, space: Mapping[str, Any]) -> list[FieldValue]:
    return [
        {"name": str(value), "title": title, "help": "", "kind": "check", "value": value in space.get("choices", ())}
        for title, value in setting.choices
    ]


def _range_fields(draft: Draft, setting: Varying, space: Mapping[str, Any]) -> list[FieldValue]:
    fields: list[FieldValue] = []
    for end, title in (("low", _("From")), ("high", _("To"))):
        key, values = f"{VARY}/{setting.path}/{end}", {setting.name: space.get(end)}
        drawn = entries.filled_fields(draft, key, setting.model, [setting.name], values | _conditions(setting))
        fields += [{**field, "name": end, "title": title, "help": "", "placeholder": ""} for field in drawn]
    if kind_of(setting.model.model_fields[setting.name].annotation).base is float:
        by_magnitude = _("By orders of magnitude: 0.001 to 0.01 is as far as 0.01 to 0.1 (logarithmic).")
        log: FieldValue = {"name": "log", "title": _("Logarithmic"), "help": by_magnitude, "kind": "check"}
        fields.append({**log, "value": bool(space.get("log"))})
    term = OF_SETTINGS.get(setting.name)
    return [{**fields[0], "term": term}, *fields[1:]] if term else fields


def _conditions(setting: Varying) -> dict[str, Any]:
    """Values under which the setting's field is drawn: it was found that it is."""
    extra = setting.model.model_fields[setting.name].json_schema_extra
    condition = extra.get("shown_if") if isinstance(extra, dict) else None
    wanted = condition if isinstance(condition, Mapping) else {}
    return {name: each[0] if isinstance(each, list | tuple) else each for name, each in wanted.items()}


def how_groups(draft: Draft) -> list[GroupValue]:
    return [
        {
            "key": f"{HOW}/{names[0]}",
            "title": title,
            "prefix": HOW,
            "fields": [
                {**each, "placeholder": _("no limit")} if each["name"] == "minutes" else each
                for each in entries.filled_fields(draft, HOW, SweepOptions, names, draft.searching.how, HOW_CHOICES)
            ],
            "open": is_open,
        }
        for title, names, is_open in HOW_GROUPS
    ]


def choose(draft: Draft, known: Mapping[str, Varying], paths: Collection[str] | None) -> Draft:
    """Other settings vary; those that did already, over what they did."""
    before = varying(draft, known)
    vary = {path: before.get(path) or known[path].usual() for path in paths or () if path in known}
    return _searching(draft, vary=vary)


def enter(draft: Draft, known: Mapping[str, Varying], event: Mapping[str, Any]) -> Draft:
    """What a field of the form now holds."""
    group, name, raw = str(event["group"]), str(event["name"]), event["value"]
    section, _slash, path = group.partition("/")
    if section == HOW and name in SweepOptions.model_fields:
        return entries.enter(draft, HOW, SweepOptions, name, raw, partial(_take_how, name))
    spaces = varying(draft, known)
    if section != VARY or path not in spaces:
        return draft
    setting, space = known[path], spaces[path]
    if setting.choices:
        kept = [
            value
            for _title, value in setting.choices
            if (raw is True if str(value) == name else value in space["choices"])
        ]
        return _searching(draft, vary={**spaces, path: {"choices": kept}})
    if name == "log":
        return _searching(draft, vary={**spaces, path: {**space, "log": raw is True}})
    if name not in ("low", "high"):
        return draft

    def take(draft: Draft, value: Any) -> Draft:
        wrong = mistake_in(setting.model, setting.name, value)
        if not wrong and (isinstance(value, bool) or not isinstance(value, int | float)):
            wrong = _("It must be a number here.")
        if wrong:
            raise StudioError(_("The search cannot begin."), wrong, _("Correct it and try again."))
        return _searching(draft, vary={**spaces, path: {**space, name: value}})

    return entries.enter(draft, f"{VARY}/{path}/{name}", setting.model, setting.name, raw, take)


def _take_how(name: str, draft: Draft, value: Any) -> Draft:
    how = {**draft.searching.how, name: value}
    SweepOptions.read(how, within=SECTION)
    return _searching(draft, how=how)


def _searching(draft: Draft, **changes: Any) -> Draft:
    return draft.change(searching=Search(**{**dict(draft.searching), **changes}))


# --- the run file --------------------------------------------------------------------------------


def sweep_text(draft: Draft, config: RunConfig, known: Mapping[str, Varying]) -> str:
    """The run file with its ranges and choices. Raises StudioError for what has to be corrected first."""
    groups = form_value(draft, known).get("groups", ())
    if wrong := entries.first_refusal([field for group in groups for field in group["fields"]]):
        raise StudioError(_("The search cannot begin."), wrong, _("Correct it and try again."))
    spaces = varying(draft, known)
    if not spaces:
        raise StudioError(_("The search cannot begin."), _("No setting varies."), _("Choose at least one above."))
    values: dict[str, Any] = parsed(config.to_text())
    for path, space in spaces.items():
        if space.get("choices") == []:
            what = _("No choice of '{setting}' is ticked.", setting=known[path].title)
            raise StudioError(_("The search cannot begin."), what, _("Tick one, or take the setting out."))
        values = with_value(values, path, _written(space))
    values[SECTION] = SweepOptions.read(draft.searching.how, within=SECTION).model_dump(exclude_none=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _written(space: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever has entered the ends the other way round means the same."""
    if "choices" in space:
        return {"choices": list(space["choices"])}
    low, high = sorted((space["low"], space["high"]))
    return {"low": low, "high": high, "log": bool(space.get("log"))}
