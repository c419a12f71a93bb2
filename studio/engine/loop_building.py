"""The training loop of a run: optimizer, plan and objective, put together from its settings."""

from collections import Counter

import torch
from accelerate import Accelerator
from torch import nn

from studio.config import RunConfig
from studio.engine import ranks
from studio.engine.callbacks.unfreezing import stages_by_name
from studio.engine.forward import Forward
from studio.engine.loop import Loop, Plan, parameter_groups
from studio.engine.objective import objective
from studio.engine.preparation import Prepared
from studio.engine.resolved_settings import ResolvedSettings
from studio.models.structure import Structure
from studio.strategies.adapters.base import plain_names
from studio.strategies.base import UnfreezingPlan
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import in_force


def build_loop(
    config: RunConfig,
    model: nn.Module,
    prepared: Prepared,
    structure: Structure,
    unfreezing_plan: UnfreezingPlan | None,
    resolved: ResolvedSettings,
) -> Loop:
    """A loop without callbacks, at the first step, with the same weights in every process.

    resolved: with batch size and precision found.
    """
    precision = "no" if resolved.precision == "fp32" else resolved.precision
    accelerator = Accelerator(mixed_precision=precision, cpu=resolved.device == "cpu")
    accelerator.prepare_model(model, evaluation_mode=True)  # so that nothing is put around it: see `ranks`
    optimizer = accelerator.prepare_optimizer(build_optimizer(config, model, structure, unfreezing_plan))
    ranks.copy_from_main(tensor for tensor in model.parameters() if tensor.requires_grad)
    return Loop(
        accelerator,
        model,
        optimizer,
        Forward(model, prepared, accelerator.device),
        objective(config.training, class_counts(prepared)),
        plan_of(config, prepared, resolved),
    )


def plan_of(config: RunConfig, prepared: Prepared, resolved: ResolvedSettings) -> Plan:
    training, rows = config.training, len(prepared.examples["train"])
    assert resolved.batch_size is not None
    is_solved = config.chosen_strategy.is_solved(config.strategy_options)  # by one step, which takes all rows
    return Plan(
        rows=rows,
        lengths=prepared.lengths("train"),
        epochs=config.epochs,
        batch_size=rows if is_solved else resolved.batch_size,
        learning_rate=config.learning_rate,
        schedule=in_force(training),
        max_grad_norm=training.max_grad_norm,
        evaluations_per_epoch=training.evaluations_per_epoch,
        seed=training.seed,
        accumulation=training.accumulation,
    )


def build_optimizer(
    config: RunConfig, model: nn.Module, structure: Structure, unfreezing_plan: UnfreezingPlan | None
) -> torch.optim.Optimizer:
    """The chosen optimizer over all that will ever train."""
    choice = OPTIMIZERS[config.training.optimizer]
    groups = parameter_groups(
        model,
        config.training.weight_decay,
        config.chosen_strategy.rates(model, structure, config.strategy_options),
        stages_by_name(unfreezing_plan),
        matrices_inside(model, structure) if choice.by_shape else (),
    )
    return choice.build(groups, config.learning_rate, config.training)


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
