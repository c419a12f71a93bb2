"""What a choice means before training starts: trained parameters, layers, time and memory on this machine."""

import math
from dataclasses import dataclass

from components.notices import Tone
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.app.times import describe_span, gpu_words, newest_runs, past_runs, with_gpu
from studio.config import RunConfig
from studio.forecast import example_length, forecast, workload
from studio.hardware import GIGABYTE, Machine, free_disk_bytes
from studio.language import _
from studio.models import local
from studio.models.architecture import Architecture
from studio.models.estimates import Estimate, fits
from studio.models.local import ModelInfo
from studio.models.structure import Structure
from studio.pace import Past, Span, span
from studio.presets import PRESETS
from studio.strategies.base import Preview, UnfreezingPlan
from studio.suggestion import Outcome, Settings, Suggestion, suggest
from studio.tasks import TASKS
from studio.training.needs import unused_here, unused_settings

TONES: dict[str, Tone] = {"ok": "good", "tight": "warning", "no": "bad"}
SUGGESTED = "recommended"  # beside the presets' names: such a draft follows the suggestion


@dataclass(frozen=True)
class Subject:
    """What is to be trained on what, read once a draw: the model's shapes and the rows of the draft."""

    info: ModelInfo
    architecture: Architecture
    rows: dict[str, int]
    length: float  # tokens of a text, pixels of an image's side, positions of a recording
    classes: dict[str, int]  # training examples of each class; empty for a task without classes
    past: tuple[Past, ...]  # what finished runs took

    @property
    def structure(self) -> Structure:
        return self.architecture.structure


@dataclass(frozen=True)
class Outlook:
    """share: of the model's parameters, how many train. problem: why this cannot be trained at all, or "".

    estimate: before it is corrected by what earlier runs took, as `span` is.
    """

    preview: Preview
    share: float
    estimate: Estimate
    span: Span
    tone: Tone
    verdict: str
    layers: tuple[dict[str, str], ...]
    problem: str
    unused_settings: frozenset[str]  # training settings that nothing reads under these choices
    steps: int  # optimizer steps in all

    @property
    def memory_words(self) -> str:
        return _("{gigabytes:.1f} GB", gigabytes=self.estimate.memory_bytes / GIGABYTE)

    @property
    def time_words(self) -> str:
        return describe_span(self.span)


def subject(services: Services, draft: Draft) -> Subject:
    """Raises StudioError where the model or the data is not there any more."""
    task = TASKS[str(draft.task)]
    info = local.describe(
        str(draft.model), services.settings.trust_remote_code, services.home, draft.value("model.revision")
    )
    architecture = services.architectures.of(draft)
    assembled = services.datasets.assembled(draft)
    rows = assembled.rows
    options = task.Options.read(draft.options)
    length = example_length(task, options, assembled.table, info)
    classed = "classes" in task.traits
    classes = {name: counts.get("train", 0) for name, counts in assembled.counts.items()} if classed else {}
    values = task.configure(assembled.table, options)
    outputs = int(values.get("num_labels", architecture.labels))
    return Subject(
        info, architecture.with_labels(outputs), rows, length, classes, past_runs(services, newest_runs(services))
    )


def needed(services: Services, about: Subject, config: RunConfig, machine: Machine) -> Estimate:
    shapes = about.architecture.config
    return forecast(config, about.structure, shapes, about.rows, about.length, machine, services.home)


def expected_span(about: Subject, config: RunConfig, estimate: Estimate) -> Span:
    """How long it takes, by the plan and by what earlier runs took."""
    return span(estimate, config.model.id, config.chosen_strategy.name, about.past)


def share_of(preview: Preview, structure: Structure) -> float:
    """Of what can be changed at all."""
    return preview.trainable / max(1, preview.total - structure.count(structure.fixed))


def outlook(services: Services, about: Subject, config: RunConfig) -> Outlook:
    strategy = config.chosen_strategy
    preview = strategy.preview(about.structure, config.strategy_options)
    training = config.training
    estimate = needed(services, about, config, services.machine)
    fit = fits(estimate, services.machine, free_disk_bytes(services.home.root))
    unfreezing_plan = strategy.unfreezing_plan(about.structure, config.strategy_options)
    unused = unused_settings(config.chosen_task.traits, about.info.config, about.info.tensors)
    unused |= frozenset() if preview.lowest_trained_block or unfreezing_plan else {"cache_activations"}
    unused |= unused_here(training, services.machine)
    batch_size = workload(config, about.rows, about.length).batch_size
    return Outlook(
        preview,
        share_of(preview, about.structure),
        estimate,
        expected_span(about, config, estimate),
        TONES[fit.verdict],
        fit.sentence,
        layers(preview, config.learning_rate, unfreezing_plan, config.epochs),
        why_not_fitting(config, about.structure),
        unused,
        max(1, math.ceil(about.rows["train"] / batch_size)) * config.epochs,
    )


def gpu_note(services: Services, about: Subject, config: RunConfig, here: Span) -> str:
    """What a GPU would make of a run that takes long on this machine; "" otherwise."""
    on_gpu = needed(services, about, config, with_gpu(services.machine)).seconds
    return gpu_words(here, services.machine, on_gpu)


def why_not_fitting(config: RunConfig, structure: Structure) -> str:
    """Why this cannot be trained at all, or ""."""
    strategy = config.chosen_strategy
    return (
        strategy.why_not_task(config.chosen_task.model)
        or strategy.why_not_with(structure, config.strategy_options)
        or strategy.why_not_here()
    )


def suggested(services: Services, draft: Draft, about: Subject) -> Suggestion:
    """What to begin with for this model and these rows, on this machine."""

    def estimate_of(settings: Settings) -> Outcome:
        would = outlook(services, about, draft.configure(settings).run_config())
        return Outcome(would.span.seconds, would.tone != "bad")

    return suggest(about.structure, about.rows["train"], about.classes, estimate_of)


def preset_draft(services: Services, draft: Draft, about: Subject, name: str) -> Draft:
    """The draft with a preset's settings, or the suggested ones; the task's own settings stay as they are."""
    settings = (
        suggested(services, draft, about).settings
        if name == SUGGESTED
        else PRESETS[name].settings(about.structure, about.rows["train"])
    )
    return draft.configure(settings).change(preset=name)


def layers(
    preview: Preview, learning_rate: float, unfreezing_plan: UnfreezingPlan | None, epochs: int
) -> tuple[dict[str, str], ...]:
    """The model's layers from the input upwards: what happens to each, and how fast it learns from when on."""
    states = (preview.embeddings, *preview.blocks, preview.head)
    rates = preview.rates or (1.0,) * len(states)
    stages = preview.stages or (0,) * len(states)
    drawn = []
    for title, state, rate, stage in zip(layer_titles(len(preview.blocks)), states, rates, stages, strict=True):
        late = (
            unfreezing_plan is not None
            and unfreezing_plan.every == "epochs"
            and unfreezing_plan.begins(stage) >= epochs
        )
        note = "" if state == "frozen" else rate_note(learning_rate * rate)
        if late:
            state, note = "frozen", _("would join after pass {epochs}, the last one", epochs=epochs)
        elif unfreezing_plan and stage:
            note = _joining(unfreezing_plan, stage, learning_rate * rate)
        drawn.append({"title": title, "state": state, "note": note})
    return tuple(drawn)


def layer_titles(blocks: int) -> tuple[str, ...]:
    between = (_("Block {number}", number=number) for number in range(1, blocks + 1))
    return (_("Embeddings (input)"), *between, _("Head (the answer)"))


def rate_note(rate: float) -> str:
    return _("rate {rate:.2g}", rate=rate)


def _joining(unfreezing_plan: UnfreezingPlan, stage: int, rate: float) -> str:
    moment = unfreezing_plan.begins(stage)
    match unfreezing_plan.every:
        case "share":
            return _("rate {rate:.2g}, after {share:.0%} of the training", rate=rate, share=moment)
        case "epochs":
            return _("rate {rate:.2g}, from pass {number:.0f} on", rate=rate, number=moment + 1)
        case "steps":
            return _("rate {rate:.2g}, from step {number:,.0f} on", rate=rate, number=moment + 1)
    return _("rate {rate:.2g}, joins later", rate=rate)
