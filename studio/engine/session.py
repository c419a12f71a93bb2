"""One run made ready to train: what trains of its model, and the loop with its callbacks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas
import torch
from torch import nn

from studio.config import RunConfig
from studio.engine import outputs, ranks
from studio.engine.callbacks.checkpoints import SaveCheckpoints
from studio.engine.callbacks.chosen import regularisers, schedulers
from studio.engine.callbacks.control import Control
from studio.engine.callbacks.evaluation import Evaluation
from studio.engine.callbacks.order import in_order
from studio.engine.callbacks.progress import Progress
from studio.engine.callbacks.unfreezing import Unfreezing
from studio.engine.checkpoint import Checkpoints
from studio.engine.evaluation import Evaluator
from studio.engine.frozen_layers import FrozenLayers, statistics, uncounted
from studio.engine.layers import layers_now
from studio.engine.loop import Loop, Plan
from studio.engine.loop_building import build_loop
from studio.engine.material import Material
from studio.engine.preparation import Prepared
from studio.engine.random_state import seed_everything
from studio.engine.reference import record_reference
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.engine.solved_head import SolvedHead
from studio.engine.trainable import trainable_model
from studio.engine.trials import resolve_settings
from studio.events import Planned
from studio.language import _
from studio.models.heads import structure_of_model
from studio.models.structure import Structure
from studio.store import Run


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
        """Let what trains at the present stage take gradients, report it, and cache the frozen layers."""
        if self.unfreezing:
            self.unfreezing.place(self.loop)
        reporter.emit(layers_now(self.loop, self.structure))
        if not compute_once:
            return
        if self.unfreezing:
            passes = self.unfreezing.passes_ahead(self.loop)
            if self.loop.first_step and self.loop.state.step == 0:
                passes = max(1.0, passes)  # a head is solved by all examples
            self.frozen.refresh(self.loop, self.unfreezing.stage, passes)
        else:
            self.frozen.refresh(self.loop, 0, self.loop.plan.epochs)


def build(run: Run, config: RunConfig, material: Material, resolved: ResolvedSettings, reporter: Reporter) -> Session:
    """Decide what trains and how, and report the plan."""
    prepared, strategy, options = material.prepared, config.chosen_strategy, config.strategy_options
    if ranks.is_main():
        outputs.save_examples(run, material.table, material.dataset)
    seed_everything(config.training.seed)
    structure = structure_of_model(prepared.model, prepared.new_parameters)
    reinitialised = strategy.reinitialised(structure, options)
    model = trainable_model(run, config, prepared, structure, reinitialised, torch.device(resolved.device))
    if ranks.is_main():
        resolved = resolve_settings(config, model, prepared, resolved, reporter)
        resolved.write(run.folder)
    resolved = ranks.agreed(resolved)
    unfreezing_plan = strategy.unfreezing_plan(structure, options)
    loop = build_loop(config, model, prepared, structure, unfreezing_plan, resolved)
    learns_statistics = uncounted(model) if config.training.batch_norm == "auto" and model is prepared.model else ()
    assert resolved.batch_size is not None
    record_reference(
        loop.forward,
        resolved.batch_size,
        lambda done, total: reporter.phase("measuring", _("Asking the model before training."), done, total),
    )
    frozen = build_frozen_layers(run, config, resolved, reporter, bool(reinitialised), learns_statistics)
    evaluation = build_evaluation(config, loop, material, reporter, reinitialised)
    checkpoints = Checkpoints(run.checkpoints)
    learns = not strategy.is_solved(options)
    if strategy.solves_head(options):
        loop.first_step = SolvedHead(config.training.seed, reporter)
    callbacks = [
        *(regularisers(loop, config.training, prepared, structure) if learns else ()),
        *(schedulers(config.training, reporter) if learns else ()),
        Progress(reporter),
        Control(run),
        evaluation,
        SaveCheckpoints(checkpoints, reporter, config.training.checkpoint_seconds),
    ]
    unfreezing = None
    if unfreezing_plan:
        unfreezing = Unfreezing(
            unfreezing_plan,
            reporter,
            refresh=frozen.refresh,
            restore_best=lambda step: checkpoints.restore_best(model, step),
            announce=lambda loop: reporter.emit(layers_now(loop, structure)),
        )
        callbacks.append(unfreezing)
    loop.callbacks = in_order(callbacks)
    reporter.emit(planned(loop.plan, prepared, model, config.chosen_task.headline, str(resolved.precision)))
    return Session(
        loop, evaluation, evaluation.evaluator, material.table, prepared, model, structure, frozen, unfreezing
    )


def build_frozen_layers(
    run: Run,
    config: RunConfig,
    resolved: ResolvedSettings,
    reporter: Reporter,
    is_reinitialised: bool,
    learns_statistics: Sequence[nn.Module],
) -> FrozenLayers:
    training = config.training
    assert resolved.batch_size is not None
    micro_batch_size = resolved.batch_size // (training.accumulation * ranks.world())
    batch_norm = statistics(training.batch_norm, micro_batch_size, is_reinitialised)
    return FrozenLayers(run, resolved, reporter, training.cache_activations, batch_norm, learns_statistics)


def build_evaluation(
    config: RunConfig, loop: Loop, material: Material, reporter: Reporter, reinitialised: Collection[str]
) -> Evaluation:
    """A model that begins with weights of its own is not one to be kept as it was at the start."""
    evaluator = Evaluator(
        loop.forward,
        material.table,
        material.files,
        loop.plan.batch_size,
        lambda sentence, done, total: reporter.phase("evaluating", sentence, done, total),
    )
    return Evaluation(
        evaluator,
        reporter,
        config.training.early_stopping,
        start_counts=not material.prepared.new_parameters and not reinitialised,
        least_improvement=config.training.least_improvement,
    )


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
