"""What "Auto" tries: whole ways of training, each with what it would take here and what it is expected to bring.

The section `auto` of a run file, which `studio auto` and the Train page write. It stands in place of ranges and
choices: a trial is one of its candidates.

    auto:
      rows: {train: 400, validation: 50, test: 50}
      candidates:
      - {name: head-solved, strategy: {name: freeze, head: solve}, training: {}, fixed: 12.0, seconds: 1.5, points: 9}
    sweep: {method: auto, trials: 1, minutes: 5}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from studio.config import RunConfig
from studio.errors import StudioError
from studio.forecast import forecast
from studio.hardware import Machine, free_disk_bytes
from studio.language import _
from studio.models.estimates import Estimate, fits
from studio.models.structure import Structure
from studio.options import Options
from studio.paths import Home
from studio.registry import Registry
from studio.strategies import STRATEGIES
from studio.suggestion import FEW, Outcome, Settings, passes, suggest

AUTO = "auto"  # the section, and the method of the search
CANDIDATE = "candidate"  # what a trial is called after
ENOUGH = 64  # examples of the rarest class from which tuning is expected to bring all it can
SHARE = 0.4  # of the budget that one candidate may take; otherwise it gets fewer passes
FEWEST_PASSES = 2
HEAD_PASSES = {"epochs": 20, "early_stopping": 5}
OWN = {"learning_rate": None, "find_learning_rate": False, "evaluations_per_epoch": 1}  # never those of the run file
SUGGESTED = "suggested"


@dataclass(frozen=True)
class Way:
    """points: of accuracy that it is expected to bring beside a head alone, where the rarest class has few examples,
    some, or enough. They only decide the order. Those of enough follow benchmarks/README.md (MiniLM, 2,000 texts), the
    others are guesses; a solved head stands first whatever it brings, since the rest is measured by it.
    """

    name: str
    title: str
    sentence: str  # why it is tried
    points: tuple[float, float, float]
    strategy: Mapping[str, Any] | None = None  # None: what is suggested
    training: Mapping[str, Any] | None = None  # None: as many passes as make enough steps


WAYS: Registry[Way] = Registry(
    _("way"),
    Way(
        "head-solved",
        _("Head, solved"),
        _("The best head for what the model knows already, computed at once: everything else has to beat it."),
        (9.0, 9.0, 9.0),
        {"name": "freeze", "last_blocks": 0, "head": "solve"},
        {},
    ),
    Way(
        SUGGESTED,
        _("Suggested"),
        _("What usually does best with so many examples."),
        (1.5, 3.0, 5.2),
    ),
    Way(
        "lp-ft",
        _("LP-FT from the solved head"),
        _("All layers learn, from a head that knows already what it wants (LP-FT, 2022)."),
        (1.5, 3.0, 5.0),
        {"name": "lp-ft", "head": "solve"},
    ),
    Way(
        "layerwise",
        _("Layer-wise learning rates"),
        _("All layers learn, the lower ones in smaller steps (ULMFiT, 2018)."),
        (1.0, 2.5, 5.2),
        {"name": "layerwise"},
    ),
    Way(
        "full-fast",
        _("Full fine-tuning, large steps"),
        _("All layers learn in larger steps: new classes may need them."),
        (1.0, 2.5, 5.0),
        {"name": "full"},
    ),
    Way(
        "full",
        _("Full fine-tuning"),
        _("All layers learn in small steps, which keeps most of what the model knows."),
        (0.5, 2.0, 5.0),
        {"name": "full"},
    ),
    Way(
        "lora",
        "LoRA",
        _("Small adapters learn beside the frozen layers, which spoils least (LoRA, 2021)."),
        (1.0, 2.0, 4.8),
        {"name": "lora"},
    ),
    Way(
        "head",
        _("Head, step by step"),
        _("A head that learns step by step ends elsewhere than one that is solved, sometimes better."),
        (0.3, 0.3, 0.3),
        {"name": "freeze", "last_blocks": 0},
        HEAD_PASSES,
    ),
    Way(
        "head-fast",
        _("Head, in large steps"),
        _("The same in larger steps, for classes that a head finds slowly."),
        (0.3, 0.3, 0.3),
        {"name": "freeze", "last_blocks": 0},
        HEAD_PASSES,
    ),
)
RATES = {"full-fast": 1.5e-4, "head-fast": 5e-3}  # others take their strategy's


def title_of(name: str) -> str:
    """Of a candidate; one that a run file names otherwise is called as there."""
    return WAYS[name].title if name in WAYS else name


class Candidate(Options):
    """strategy and training: the sections of its run; the second changes those settings only.

    fixed, seconds: what it would take before and after its training, and its training, on an idle machine.
    """

    name: str
    strategy: dict[str, Any]
    training: dict[str, Any] = {}
    fixed: float = Field(ge=0, allow_inf_nan=False)
    seconds: float = Field(ge=0, allow_inf_nan=False)
    points: float = Field(allow_inf_nan=False)


class Auto(Options):
    """rows: of each split."""

    rows: dict[str, int]
    candidates: tuple[Candidate, ...] = Field(min_length=1)

    def of(self, name: str) -> Candidate:
        return next(each for each in self.candidates if each.name == name)


@dataclass(frozen=True)
class Subject:
    """What is to be trained on what. shapes: the values of the model's config. classes: training examples of each."""

    structure: Structure
    shapes: Mapping[str, Any]
    rows: Mapping[str, int]
    length: float
    classes: Mapping[str, int]


def plan(config: RunConfig, about: Subject, minutes: float, machine: Machine, home: Home) -> Auto:
    """Every way that the task, the model and this machine offer. Raises StudioError where there is none."""

    def planned(settings: Settings) -> Estimate:
        chosen = with_settings(config, settings)
        return forecast(chosen, about.structure, about.shapes, about.rows, about.length, machine, home)

    def outcome(settings: Settings) -> Outcome:
        would = planned(settings)
        return Outcome(would.seconds, fits(would, machine, free_disk_bytes(home.root)).verdict != "no")

    suggestion = suggest(about.structure, about.rows["train"], about.classes, outcome).settings
    found: dict[str, Candidate] = {}
    for way in WAYS:
        settings = settings_of(way, suggestion, about.rows["train"])
        if not is_offered(config, settings, about.structure) or not outcome(settings).fits:
            continue
        settings = within(settings, minutes * 60 * SHARE, planned)
        would = planned(settings)
        candidate = Candidate(
            name=way.name,
            **settings,
            fixed=round(would.fixed_seconds, 2),
            seconds=round(would.training_seconds, 2),
            points=way.points[regime(about)],
        )
        found.setdefault(json.dumps(settings, sort_keys=True), candidate)  # the suggestion may be one of the others
    if not found:
        raise StudioError(
            _("The search cannot begin."),
            _("No way of training fits this model and this machine."),
            _("Choose another model."),
        )
    return Auto(rows=dict(about.rows), candidates=tuple(found.values()))


def regime(about: Subject) -> int:
    """How many examples the rarest class has, or all together without classes: 0 few, 1 some, 2 enough."""
    fewest = min(about.classes.values(), default=about.rows["train"])
    return 0 if fewest < FEW else 1 if fewest < ENOUGH else 2


def settings_of(way: Way, suggestion: Settings, rows: int) -> Settings:
    shared = {name: value for name, value in suggestion["training"].items() if name != "epochs"}
    if way.strategy is None:
        own = dict(suggestion["training"])
    elif way.training is None:
        own = {**shared, "epochs": passes(rows)}
    else:
        own = {**shared, **way.training}
    strategy = dict(suggestion["strategy"] if way.strategy is None else way.strategy)
    return {"strategy": strategy, "training": {**OWN, **own, "learning_rate": RATES.get(way.name)}}


def with_settings(config: RunConfig, settings: Settings) -> RunConfig:
    values = config.model_dump(mode="json")
    training = {**values["training"], **settings["training"]}
    return RunConfig.read({**values, "strategy": settings["strategy"], "training": training})


def is_offered(config: RunConfig, settings: Settings, structure: Structure) -> bool:
    """Whether the task and the model can be trained so here."""
    task, strategy = config.chosen_task, STRATEGIES[settings["strategy"]["name"]]
    options = with_settings(config, settings).strategy_options
    if strategy.solves_head(options) and not any(column.kind == "label" for column in task.targets):
        return False
    return not (
        strategy.why_not_task(task.model) or strategy.why_not_with(structure, options) or strategy.why_not_here()
    )


def within(settings: Settings, seconds: float, planned: Any) -> Settings:
    """The same with as many passes as fit into so many seconds, two at least."""
    epochs = settings["training"].get("epochs")
    would = planned(settings)
    if epochs is None or would.seconds <= seconds:
        return settings
    fitting = int(epochs * max(0.0, seconds - would.fixed_seconds) / would.training_seconds)
    training = {**settings["training"], "epochs": max(min(FEWEST_PASSES, epochs), fitting)}
    return {**settings, "training": training}
