"""The training loop: batches in, optimizer steps out. Everything around the steps is a callback."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from accelerate import Accelerator
from torch import nn

from studio.engine import ranks
from studio.engine.batching import evaluation_marks, steps_per_epoch, training_batches
from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.examples import AHEAD
from studio.engine.forward import Forward
from studio.engine.objective import Objective
from studio.errors import StudioError
from studio.language import _
from studio.training.schedules import ScheduleOptions, learning_rate_factor

Ending = Literal["completed", "early-stopping", "stopped"]


@dataclass(frozen=True)
class Plan:
    """Everything that decides the steps to come. rows and lengths are those of the training split."""

    rows: int
    lengths: Sequence[int] | None
    epochs: int
    batch_size: int
    learning_rate: float
    schedule: ScheduleOptions
    max_grad_norm: float
    evaluations_per_epoch: int
    seed: int
    accumulation: int = 1

    @cached_property
    def steps_per_epoch(self) -> int:
        return steps_per_epoch(self.rows, self.batch_size)

    @property
    def total_steps(self) -> int:
        return self.steps_per_epoch * self.epochs

    @cached_property
    def marks(self) -> frozenset[int]:
        """The batches of an epoch, counted from 1, after which the validation split is scored."""
        return evaluation_marks(self.steps_per_epoch, self.evaluations_per_epoch)

    def batches(self, epoch: int) -> list[list[int]]:
        return training_batches(self.rows, self.batch_size, self.seed, epoch, self.lengths)

    def learning_rate_at(self, step: int) -> float:
        return self.learning_rate * learning_rate_factor(self.schedule, step, self.total_steps)


@dataclass
class State:
    """Where training stands: `step` optimizer steps made, `batch` batches of epoch number `epoch` done.

    best_step, best_epoch: at which the validation split was scored best, so far and of what may be kept; None for none.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    ended: Ending | None = None
    best_step: int | None = None
    best_epoch: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def epochs_done(self, plan: Plan) -> float:
        return round(self.epoch + self.batch / plan.steps_per_epoch, 4)


FirstStep = Callable[["Loop"], StepResult | None]
"""Stands in for the first step; None where training is left before it."""


class Loop:
    """Trains `model` by `plan` from `state` on, until it ends or `pausing` is set."""

    def __init__(
        self,
        accelerator: Accelerator,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        forward: Forward,
        objective: Objective,
        plan: Plan,
    ) -> None:
        """`model`: with everything switched on that will ever train; unfreezing may switch some of it off again."""
        self.accelerator = accelerator
        self.model = model
        self.optimizer = optimizer
        self.forward = forward
        self.objective = objective
        self.plan = plan
        self.state = State()
        self.pausing = False
        self.callbacks: tuple[Callback, ...] = ()
        self.first_step: FirstStep | None = None
        self.always_eval: Sequence[nn.Module] = ()
        self._norms = [module for module in model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        self.trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}

    @property
    def device(self) -> torch.device:
        return self.accelerator.device

    @property
    def is_leaving(self) -> bool:
        return self.pausing or self.state.ended is not None

    def run(self) -> None:
        self.train_mode()
        for callback in self.callbacks:
            callback.on_train_begin(self)
        while not self.is_leaving and self.state.epoch < self.plan.epochs:
            self._run_epoch()
        if not self.is_leaving:
            self.state.ended = "completed"
        for callback in self.callbacks:
            callback.on_train_end(self)

    def _run_epoch(self) -> None:
        """The rest of the epoch, from the batch on that `state` names."""
        batches = self.plan.batches(self.state.epoch)
        for number, rows in enumerate(batches[self.state.batch :], self.state.batch):
            self.forward.prefetch("train", batches[number : number + AHEAD])
            result = self._step(rows)
            if result is None:
                return
            self.state.step += 1
            self.state.batch += 1
            for callback in self.callbacks:
                callback.on_step_end(self, result)
            if self.is_leaving:
                return
        self.state.epoch, self.state.batch = self.state.epoch + 1, 0
        for callback in self.callbacks:
            callback.on_epoch_end(self)

    def _step(self, rows: list[int]) -> StepResult | None:
        """None where a callback let the training leave before the step."""
        self._set_rate(self.plan.learning_rate_at(self.state.step))
        for callback in self.callbacks:
            callback.on_step_begin(self)
        if self.is_leaving:
            return None
        if self.first_step is not None and self.state.step == 0:
            return self.first_step(self)
        return StepResult(self._move(rows), len(rows), self._highest_rate())

    def update(self, rows: list[int], learning_rate: float) -> float:
        """One step at a given learning rate, outside of the plan. Returns its loss."""
        self._set_rate(learning_rate)
        return self._move(rows)

    def _set_rate(self, learning_rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group["factor"]

    def _move(self, rows: list[int]) -> float:
        """Gradients of the rows, in so many micro-batches as the plan says, and a step of the optimizer.

        Losses are sums over units; so are the gradients, which are divided by the units of the whole step at the end:
        it does not matter how the rows are cut, or shared by several processes. Returns the mean loss.
        """
        total, units = 0.0, 0.0
        for some in micro_batches(ranks.share(rows), self.plan.accumulation):
            loss = self.objective(self.forward, some)
            total, units = total + loss.total.item(), units + loss.units.item()
            self.accelerator.backward(loss.total / len(rows))
        total, units = ranks.summed(total, units, device=self.device)
        if not math.isfinite(total):
            raise not_finite(self.state.step + 1)
        ranks.sum_gradients(self.trained.values(), self.device)
        self._scale_gradients(len(rows) / max(units, 1e-12))
        for callback in self.callbacks:
            callback.on_gradients(self)
        if self.plan.max_grad_norm > 0:
            self.accelerator.clip_grad_norm_(list(self.trained.values()), self.plan.max_grad_norm)
        self.optimizer.step()
        for callback in self.callbacks:
            callback.on_update(self)
        self.optimizer.zero_grad(set_to_none=True)
        ranks.average(self._moving_statistics())
        return total / max(units, 1e-12)

    def _moving_statistics(self) -> list[torch.Tensor]:
        """Running means and variances of batch normalisation, which each process counted over its own rows."""
        norms = (norm for norm in self._norms if norm.training)
        return [buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()]

    def _scale_gradients(self, factor: float) -> None:
        if factor != 1.0:
            torch._foreach_mul_([p.grad for p in self.trained.values() if p.grad is not None], factor)

    def _highest_rate(self) -> float:
        groups = self.optimizer.param_groups
        return max(float(group["lr"]) for group in groups if any(p.requires_grad for p in group["params"]))

    def train_mode(self) -> None:
        """Dropout and batch normalisation at work, except below the lowest trained layer."""
        self.model.train()
        for module in self.always_eval:
            module.eval()

    def tell_evaluated(self, is_best: bool) -> None:
        for callback in self.callbacks:
            callback.on_evaluated(self, is_best)


def not_finite(step: int) -> StudioError:
    return StudioError(
        _("Training became unstable at step {step}.", step=step),
        _("The loss is no longer a number: the steps were too large, or the number format too coarse."),
        _("Start again with a smaller learning rate (a tenth, say), or with the precision fp32."),
    )


def micro_batches(rows: Sequence[int], count: int) -> list[Sequence[int]]:
    """`rows` cut into at most `count` pieces of nearly the same size; none where there are no rows."""
    size = max(1, math.ceil(len(rows) / count))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def parameter_groups(
    model: nn.Module,
    weight_decay: float,
    factors: Mapping[str, float],
    stages: Mapping[str, int],
    by_shape: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The trained parameters in groups that are treated alike, by name: `factors` of the learning rate (1 where
    missing), the stage in which they begin to learn (0), whether the optimizer goes `by_shape`, and weight decay:
    not for biases and norms (1-D)."""
    groups: dict[tuple[int, float, bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            key = (stages.get(name, 0), -factors.get(name, 1.0), parameter.ndim <= 1, name in by_shape)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": members,
            "weight_decay": 0.0 if flat else weight_decay,
            "factor": -factor,
            "stage": stage,
            "by_shape": is_by_shape,
        }
        for (stage, factor, flat, is_by_shape), members in sorted(groups.items(), key=lambda entry: entry[0])
    ]
