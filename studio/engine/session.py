"""One run made ready to train: its rows, its model, what trains of it, and the loop with its callbacks."""

import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
import pandas
import torch
from accelerate import Accelerator
from torch import nn

from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import limits_here
from studio.engine import outputs, ranks
from studio.engine.callbacks.averaging import Averaging
from studio.engine.callbacks.base import Callback
from studio.engine.callbacks.checkpoints import SaveCheckpoints
from studio.engine.callbacks.control import Control
from studio.engine.callbacks.evaluation import Evaluation
from studio.engine.callbacks.order import in_order
from studio.engine.callbacks.penalties import GradientNoise, Penalties
from studio.engine.callbacks.plateau import ReduceOnPlateau
from studio.engine.callbacks.progress import Progress
from studio.engine.callbacks.ranks import RankAllocation
from studio.engine.callbacks.schedule_free import ScheduleFree
from studio.engine.callbacks.unfreezing import Unfreezing, stages_by_name
from studio.engine.checkpoint import Checkpoints
from studio.engine.evaluation import Evaluator
from studio.engine.forward import Forward
from studio.engine.frozen_layers import FrozenLayers, batch_norms, statistics
from studio.engine.layers import layers_now
from studio.engine.loop import Loop, Plan, parameter_groups
from studio.engine.objective import objective
from studio.engine.preparation import Prepared, load_model, prepare
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.engine.trials import resolve_settings
from studio.errors import StudioError
from studio.events import Planned
from studio.models.heads import structure_of_model
from studio.models.sources import fetch
from studio.models.structure import Structure
from studio.paths import Home
from studio.processes import trusts_remote_code
from studio.store import Run
from studio.strategies.adapters.base import plain_names
from studio.tasks.loading import config_of
from studio.training import TrainingOptions
from studio.training.needs import config_changes
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import in_force


@dataclass
class Session:
    """Everything that a worker holds while it trains."""

    loop: Loop
    evaluation: Evaluation
    evaluator: Evaluator
    table: pandas.DataFrame
    prepared: Prepared
    model: nn.Module  # as it will be saved: without what Accelerate put around it
    structure: Structure
    frozen: FrozenLayers
    unfreezing: Unfreezing | None

    def place(self, reporter: Reporter, compute_once: bool) -> None:
        """Let what trains at the present stage take gradients, tell it, and make the frozen rest fast."""
        if self.unfreezing:
            self.unfreezing.place(self.loop)
        reporter.emit(layers_now(self.loop, self.structure))
        if not compute_once:
            return
        if self.unfreezing:
            self.frozen.refresh(self.loop, self.unfreezing.stage, self.unfreezing.passes_ahead(self.loop))
        else:
            self.frozen.refresh(self.loop, 0, self.loop.plan.epochs)


@dataclass
class Material:
    """The rows and the model, before anything is decided about training. files: where the table's images lie."""

    table: pandas.DataFrame
    prepared: Prepared
    dataset: str  # name of the folder with the imported data
    files: Path | None


def load(config: RunConfig, home: Home, reporter: Reporter) -> Material:
    """Read the data, fetch the model, and encode the rows for it."""
    task, options = config.chosen_task, config.task_options

    def reading(sentence: str, done: int, total: int) -> None:
        reporter.phase("loading", sentence, done, total)

    reporter.phase("loading", "Reading the data.")
    data = config.data
    imported = import_source(data.source, data.reading, home, limits_here(), reading, data.files)
    table = assemble(imported, config.data, task.columns, task.check).table
    if not (table["split"] == "train").any():
        raise StudioError(
            "There is nothing to learn from.", "No usable row is in the training split.", "Bring more data."
        )
    reporter.phase("loading", "Loading the model.")
    folder = fetch(
        config.model.id,
        config.model.revision,
        lambda done, total: reporter.phase("downloading", "Downloading the model.", done, total),
    )
    seed_everything(config.training.seed)  # the new head's first weights
    changes = config_changes(config.training, config_of(folder))
    loading = config.chosen_strategy.loading(config.strategy_options)
    loaded = load_model(task, table, folder, options, changes, trusts_remote_code(), loading)
    prepared = prepare(
        task,
        loaded,
        table,
        imported.files,
        lambda done, total: reporter.phase("preparing", "Preparing the examples.", done, total),
    )
    if config.training.mixup or config.training.cutmix:
        prepared = replace(prepared, varying=prepared.varying | {"train"})
    return Material(table, prepared, imported.folder.name, imported.files)


def build(run: Run, config: RunConfig, material: Material, resolved: ResolvedSettings, reporter: Reporter) -> Session:
    """Decide what trains and how, and announce the plan."""
    prepared, training = material.prepared, config.training
    strategy, options = config.chosen_strategy, config.strategy_options
    if ranks.is_main():
        outputs.save_examples(run, material.table, material.dataset)
    device = torch.device(resolved.device)
    seed_everything(training.seed)
    structure = structure_of_model(prepared.model, prepared.new_parameters)
    reinitialised = strategy.reinitialised(structure, options)
    if not reinitialised and ranks.is_main():
        outputs.save_initial_weights(run, prepared.model, prepared.new_parameters)
    model = apply_strategy(config, prepared, structure)
    if reinitialised and ranks.is_main():
        outputs.save_initial_weights(run, prepared.model, {*reinitialised, *prepared.new_parameters})
    if training.gradient_checkpointing:
        enable_gradient_checkpointing(model)
    is_whole = model is prepared.model
    if training.batch_norm == "updated" and not is_whole and batch_norms(model):
        raise StudioError(
            "The statistics of batch normalisation cannot move here.",
            "An adapter does not hold them, so they would be lost when it is saved.",
            "Set batch_norm to auto, or train the model itself.",
        )
    # some of peft's convolutions cannot do with another order in memory
    if is_whole and device.type == "cpu" and Forward(model, prepared, device).channels_last:
        model.to(memory_format=torch.channels_last)
    if ranks.is_main():
        resolved = resolve_settings(config, model, prepared, resolved, reporter)
        resolved.write(run.folder)
    resolved = ranks.agreed(resolved)
    assert resolved.batch_size is not None and resolved.precision is not None

    precision = {"fp32": "no"}.get(resolved.precision, resolved.precision)
    accelerator = Accelerator(mixed_precision=precision, cpu=device.type == "cpu")
    unfreezing_plan = strategy.unfreezing_plan(structure, options)
    factors = strategy.rates(model, structure, options)
    choice = OPTIMIZERS[training.optimizer]
    apart = matrices_inside(model, structure) if choice.by_shape else ()
    groups = parameter_groups(model, training.weight_decay, factors, stages_by_name(unfreezing_plan), apart)
    accelerator.prepare_model(model, evaluation_mode=True)  # so that nothing is put around it: see `ranks`
    optimizer = accelerator.prepare_optimizer(choice.build(groups, config.learning_rate, training))
    forward = Forward(model, prepared, accelerator.device)
    plan = Plan(
        rows=len(prepared.examples["train"]),
        lengths=prepared.lengths("train"),
        epochs=training.epochs,
        batch_size=resolved.batch_size,
        learning_rate=config.learning_rate,
        schedule=in_force(training),
        max_grad_norm=training.max_grad_norm,
        evaluations_per_epoch=training.evaluations_per_epoch,
        seed=training.seed,
        accumulation=training.accumulation,
    )
    ranks.copy_from_main(tensor for tensor in model.parameters() if tensor.requires_grad)
    loop = Loop(accelerator, model, optimizer, forward, objective(training, class_counts(prepared)), plan)
    evaluator = Evaluator(
        forward,
        material.table,
        material.files,
        resolved.batch_size,
        lambda sentence, done, total: reporter.phase("evaluating", sentence, done, total),
    )
    evaluation = Evaluation(
        evaluator,
        reporter,
        training.early_stopping,
        start_counts=not prepared.new_parameters and not reinitialised,
        least_improvement=training.least_improvement,
    )
    checkpoints = Checkpoints(run.checkpoints)
    saving = SaveCheckpoints(checkpoints, reporter, training.checkpoint_seconds)
    micro_batch_size = resolved.batch_size // (training.accumulation * ranks.world())
    batch_norm = statistics(training.batch_norm, micro_batch_size, bool(reinitialised))
    frozen = FrozenLayers(run, resolved, reporter, training.cache_activations, batch_norm)
    regularising = regularisers(loop, training, prepared, structure)

    def announce(loop: Loop) -> None:
        reporter.emit(layers_now(loop, structure))

    unfreezing = (
        Unfreezing(
            unfreezing_plan, reporter, frozen.refresh, lambda step: checkpoints.restore_best(loop.model, step), announce
        )
        if unfreezing_plan
        else None
    )
    callbacks = [*regularising, Progress(reporter), Control(run), evaluation, saving]
    if unfreezing:
        callbacks.append(unfreezing)
    if not choice.follows_schedule:
        callbacks.append(ScheduleFree())
    elif training.schedule == "reduce-on-plateau":
        callbacks.append(ReduceOnPlateau(reporter, training.plateau_factor, training.plateau_patience))
    loop.callbacks = in_order(callbacks)
    reporter.emit(planned(plan, prepared, model, config.chosen_task.headline, resolved.precision))
    return Session(loop, evaluation, evaluator, material.table, prepared, model, structure, frozen, unfreezing)


def apply_strategy(config: RunConfig, prepared: Prepared, structure: Structure) -> nn.Module:
    """The model with exactly the chosen parameters trainable, possibly wrapped by peft."""
    config.chosen_strategy.check(structure, config.strategy_options)
    model = config.chosen_strategy.apply(prepared.model, structure, config.strategy_options)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise StudioError(
            "Nothing of the model would train.",
            f"The strategy '{config.strategy['name']}' leaves every layer of it frozen.",
            "Choose another strategy.",
        )
    return model


def matrices_inside(model: nn.Module, structure: Structure) -> frozenset[str]:
    """Weights of two dimensions that are neither embeddings nor of the head, which see one input each or one output."""
    outer = {*structure.embeddings, *structure.head}
    return frozenset(
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2 and outer.isdisjoint(plain_names(name))
    )


def class_counts(prepared: Prepared) -> list[int]:
    """How often the training split has each class, in the order of the model's outputs; empty without classes."""
    if "classes" not in prepared.task.traits:
        return []
    counts = Counter[int]()
    for labels in prepared.examples["train"].column("labels"):
        counts.update(labels if isinstance(labels, list) else (labels,))
    return [counts[index] for index in range(len(prepared.tools.labels))]


def regularisers(loop: Loop, training: TrainingOptions, prepared: Prepared, structure: Structure) -> list[Callback]:
    """What acts on gradients and weights beside the optimizer."""
    found: list[Callback] = []
    if training.l1 or training.l2_sp:
        found.append(Penalties(loop, prepared.new_parameters, structure.shapes, training.l1, training.l2_sp))
    if training.gradient_noise:
        found.append(GradientNoise(training.gradient_noise, training.seed))
    tuner = getattr(loop.model, "base_model", None)
    if hasattr(tuner, "update_and_allocate"):
        found.append(RankAllocation(tuner, loop.plan.total_steps))
    if training.averaging != "none":
        decay = training.ema_decay if training.averaging == "ema" else None
        found.append(Averaging(loop, decay, training.swa_start))
    return found


def enable_gradient_checkpointing(model: nn.Module) -> None:
    """Gradient checkpointing, as the model brings it."""
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise StudioError(
            "This model cannot compute its layers twice.",
            f"{type(model).__name__} has no gradient checkpointing.",
            "Switch gradient checkpointing off, and lower the batch size or use parts of a step instead.",
        )
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})  # type: ignore[operator]


def planned(plan: Plan, prepared: Prepared, model: nn.Module, headline_metric: str, precision: str) -> Planned:
    parameters = list(model.parameters())
    return Planned(
        total_steps=plan.total_steps,
        steps_per_epoch=plan.steps_per_epoch,
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        examples={split: len(items) for split, items in prepared.examples.items()},
        trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
        total_parameters=sum(map(numbers_in, parameters)),
        headline_metric=headline_metric,
        precision=precision,
    )


def numbers_in(parameter: nn.Parameter) -> int:
    """A weight in four bits is packed; its state says how many numbers it stands for."""
    state = getattr(parameter, "quant_state", None)
    return int(parameter.numel() if state is None else state.shape.numel())


def seed_everything(seed: int) -> None:
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
