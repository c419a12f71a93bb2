"""The callbacks that only some runs have, as their settings say. `studio.engine.callbacks.order` puts them in order."""

from studio.engine.callbacks.averaging import Averaging
from studio.engine.callbacks.base import Callback
from studio.engine.callbacks.penalties import GradientNoise, Penalties
from studio.engine.callbacks.plateau import ReduceOnPlateau
from studio.engine.callbacks.ranks import RankAllocation
from studio.engine.callbacks.schedule_free import ScheduleFree
from studio.engine.loop import Loop
from studio.engine.preparation import Prepared
from studio.engine.reporting import Reporter
from studio.models.structure import Structure
from studio.training import TrainingOptions
from studio.training.optimizers import OPTIMIZERS


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


def schedulers(training: TrainingOptions, reporter: Reporter) -> list[Callback]:
    """What a learning rate needs that does not depend on the step alone."""
    if not OPTIMIZERS[training.optimizer].follows_schedule:
        return [ScheduleFree()]
    if training.schedule == "reduce-on-plateau":
        return [ReduceOnPlateau(reporter, training.plateau_factor, training.plateau_patience)]
    return []
