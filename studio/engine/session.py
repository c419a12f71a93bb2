"""One run made ready to train: its rows, its model, what trains of it, and the loop with its callbacks."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy
import pandas
import torch
from accelerate import Accelerator
from torch import nn

from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.importing import import_source
from studio.data.limits import limits_here
from studio.engine import outputs
from studio.engine.batching import auto_batch_size, training_batches
from studio.engine.cache import ActivationCache, build_cache
from studio.engine.callbacks.checkpoints import SaveCheckpoints
from studio.engine.callbacks.control import Control
from studio.engine.callbacks.evaluation import Evaluation
from studio.engine.callbacks.progress import Progress
from studio.engine.checkpoint import Checkpoints
from studio.engine.evaluation import Evaluator
from studio.engine.forward import Forward
from studio.engine.frozen import Call, find_boundaries, modules_without_dropout, trace
from studio.engine.loop import Loop, Plan, parameter_groups
from studio.engine.precision import Precision, choose_precision, time_training_step
from studio.engine.replay import CannotRecord, NothingToGain
from studio.engine.reporting import Reporter
from studio.engine.settled import Settled
from studio.errors import StudioError
from studio.events import Planned
from studio.hardware import probe
from studio.models.sources import fetch
from studio.models.structure import find_structure
from studio.optimizers import OPTIMIZERS
from studio.paths import Home
from studio.processes import trusts_remote_code
from studio.store import Run
from studio.tasks.base import Prepared, Spec

CACHE_FOLDER = "cache"


@dataclass
class Session:
    """Everything that a worker holds while it trains."""

    loop: Loop
    evaluation: Evaluation
    evaluator: Evaluator
    table: pandas.DataFrame
    prepared: Prepared
    model: nn.Module  # as it will be saved: without what Accelerate put around it
    boundaries: list[list[Call]]
    settled: Settled


@dataclass
class Material:
    """The rows and the model, before anything is decided about training."""

    table: pandas.DataFrame
    prepared: Prepared
    dataset: str  # name of the folder with the imported data


def load(config: RunConfig, home: Home, reporter: Reporter) -> Material:
    """Read the data, fetch the model, and let the task put both together."""
    task = config.chosen_task

    def reading(sentence: str, done: int, total: int) -> None:
        reporter.phase("loading", sentence, done, total)

    reporter.phase("loading", "Reading the data.")
    imported = import_source(config.data.source, config.data.reading, home, limits_here(), reading)
    assembled = assemble(imported, config.data, task.columns, task.check)
    reporter.phase("loading", "Loading the model.")
    folder = fetch(
        config.model.id,
        config.model.revision,
        lambda done, total: reporter.phase("downloading", "Downloading the model.", done, total),
    )
    reporter.phase("preparing", "Preparing the examples.")
    seed_everything(config.training.seed)
    trust = trusts_remote_code()
    spec = Spec(assembled.table, imported.files, folder, config.task_options, config.training.seed, trust)
    prepared = task.prepare(spec)
    if not len(prepared.datasets.get("train", ())):
        raise StudioError(
            "There is nothing to learn from.", "No usable row is in the training part.", "Bring more data."
        )
    return Material(assembled.table, prepared, imported.folder.name)


def build(run: Run, config: RunConfig, material: Material, settled: Settled, reporter: Reporter) -> Session:
    """Decide what trains and how, and announce the plan."""
    prepared, training = material.prepared, config.training
    outputs.save_examples(run, material.table, material.dataset)
    outputs.save_initial_weights(run, prepared)
    device = torch.device(settled.device)
    seed_everything(training.seed)
    model = apply_strategy(config, prepared)
    if device.type == "cpu" and Forward(model, prepared, device).channels_last:
        model.to(memory_format=torch.channels_last)
    settled = settle(config, model, prepared, settled, reporter)
    settled.write(run.folder)
    assert settled.batch_size is not None and settled.precision is not None

    precision = {"fp32": "no"}.get(settled.precision, settled.precision)
    accelerator = Accelerator(mixed_precision=precision, cpu=device.type == "cpu")
    groups = parameter_groups(model, training.weight_decay)
    optimizer = OPTIMIZERS[training.optimizer].build(groups, config.learning_rate, training)
    wrapped, optimizer = accelerator.prepare(model, optimizer)
    forward = Forward(wrapped, prepared, accelerator.device)
    boundaries = find_boundaries(trace(wrapped, lambda: forward("train", [0])))

    plan = Plan(
        rows=len(prepared.datasets["train"]),
        lengths=prepared.lengths["train"] if prepared.lengths else None,
        epochs=training.epochs,
        batch_size=settled.batch_size,
        learning_rate=config.learning_rate,
        schedule=training.schedule,
        warmup=training.warmup,
        max_grad_norm=training.max_grad_norm,
        evaluations_per_epoch=training.evaluations_per_epoch,
        seed=training.seed,
    )
    loop = Loop(accelerator, wrapped, optimizer, forward, plan, modules_without_dropout(wrapped, boundaries))
    evaluator = Evaluator(
        config.chosen_task,
        forward,
        settled.batch_size,
        lambda sentence, done, total: reporter.phase("evaluating", sentence, done, total),
    )
    evaluation = Evaluation(evaluator, reporter, training.early_stopping, start_counts=not prepared.new_parameters)
    checkpoints = SaveCheckpoints(Checkpoints(run.checkpoints), reporter, training.checkpoint_seconds)
    loop.callbacks = (Progress(reporter), Control(run), evaluation, checkpoints)
    reporter.emit(planned(plan, prepared, model, config.chosen_task.headline_metric, settled.precision))
    return Session(loop, evaluation, evaluator, material.table, prepared, model, boundaries, settled)


def apply_strategy(config: RunConfig, prepared: Prepared) -> nn.Module:
    """The model with exactly the chosen parameters trainable, possibly wrapped by peft."""
    shapes = {name: tuple(parameter.shape) for name, parameter in prepared.model.named_parameters()}
    structure = find_structure(shapes, head=prepared.new_parameters)
    model = config.chosen_strategy.apply(prepared.model, structure, config.strategy_options)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise StudioError(
            "Nothing of the model would train.",
            f"The strategy '{config.strategy['name']}' leaves every layer of it frozen.",
            "Choose another strategy.",
        )
    return model


def settle(config: RunConfig, model: nn.Module, prepared: Prepared, settled: Settled, reporter: Reporter) -> Settled:
    """Fill in batch size and precision at the first start; a resumed run has them already."""
    training, device, rows = config.training, torch.device(settled.device), len(prepared.datasets["train"])
    if settled.batch_size is None:
        size = training.batch_size
        if size == "auto":
            size = auto_batch_size(rows, device_memory_bytes(device))
            reporter.note(f"Batch size: {size} examples per step, chosen for {rows:,} training examples.")
        settled = replace(settled, batch_size=int(size))
    if settled.precision is None:
        model.to(device)
        model.train()
        forward = Forward(model, prepared, device)
        lengths = prepared.lengths["train"] if prepared.lengths else None
        rows_of_one = training_batches(rows, settled.batch_size or 1, training.seed, 0, lengths)[0]

        def seconds_per_step(precision: Precision) -> float:
            reporter.phase("preparing", "Measuring which number format is fastest here.")
            return time_training_step(model, lambda: forward("train", rows_of_one), device, precision)

        choice = choose_precision(training.precision, device, seconds_per_step)
        if choice.sentence:
            reporter.note(choice.sentence)
        settled = replace(settled, precision=choice.precision)
    return settled


def build_activation_cache(session: Session, run: Run, config: RunConfig, reporter: Reporter) -> None:
    """Compute the frozen layers once where that helps; say so when it does not work."""
    wanted = config.training.cache_activations and session.settled.cached is not False
    if not wanted or not session.boundaries:
        return
    cache: ActivationCache | None = None
    progress: Callable[[int, int], None] = lambda done, total: reporter.phase(  # noqa: E731
        "caching", "Computing the frozen layers once for all epochs.", done, total
    )
    forward, size = session.loop.forward, session.settled.batch_size or 1
    try:
        cache = build_cache(
            forward, session.boundaries, run.folder / CACHE_FOLDER, size, str(session.settled.precision), progress
        )
    except NothingToGain:
        pass  # so for adapters in the lowest block; nobody needs to read about it
    except CannotRecord as reason:
        reporter.note(f"Frozen layers are computed anew in every epoch. {reason.explanation.what}")
    forward.cache = cache
    session.settled = replace(session.settled, cached=cache is not None)
    session.settled.write(run.folder)


def planned(plan: Plan, prepared: Prepared, model: nn.Module, headline_metric: str, precision: str) -> Planned:
    parameters = list(model.parameters())
    return Planned(
        total_steps=plan.total_steps,
        steps_per_epoch=plan.steps_per_epoch,
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        examples={split: len(items) for split, items in prepared.datasets.items()},
        trainable_parameters=sum(p.numel() for p in parameters if p.requires_grad),
        total_parameters=sum(p.numel() for p in parameters),
        headline_metric=headline_metric,
        precision=precision,
    )


def device_memory_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return probe().memory_bytes


def seed_everything(seed: int) -> None:
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)
