"""Means of the weights over time: they are scored and kept in the place of the weights that are trained.

EMA: an exponential moving average, whose decay warms up as (1 + n) / (10 + n), so that the first weights are soon
forgotten (tf.train.ExponentialMovingAverage). SWA: the plain mean of the weights after every step from a share of
training on (Izmailov et al. 2018, arXiv:1803.05407), with the statistics of batch normalisation counted anew for it.
"""

from typing import Any

import torch
from torch import nn

from studio.engine import ranks
from studio.engine.batching import evaluation_batches
from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.loop import Loop
from studio.engine.random_state import kept_random_state
from studio.engine.tensors import copied, floating_buffers, put


class Averaging(Callback):
    """Keeps the mean, and lends it to the evaluation."""

    name = "averaging"

    def __init__(self, loop: Loop, ema_decay: float | None, swa_start: float) -> None:
        """ema_decay: None for SWA, which begins at the share `swa_start` of all steps."""
        self._places = {**loop.trained, **floating_buffers(loop.model)}
        self._decay = ema_decay
        self._first = 0 if ema_decay is not None else round(swa_start * loop.plan.total_steps)
        self._count = 0
        self._means: dict[str, torch.Tensor] = {}
        self._trained: dict[str, torch.Tensor] = {}  # while the means are in their place
        self._scored = False

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        if loop.state.step <= self._first:
            return
        if not self._count:
            self._means = copied(self._places)
        weight = self._weight()
        for name, place in self._places.items():
            self._means[name].lerp_(place.detach(), weight)
        self._count += 1

    def _weight(self) -> float:
        """Of the newest weights in the mean."""
        if self._decay is None:
            return 1 / (self._count + 1)
        return 1 - min(self._decay, (1 + self._count) / (10 + self._count))

    def on_evaluation_begin(self, loop: Loop) -> None:
        self._scored = True
        self._put_means(loop)

    def on_evaluation_end(self, loop: Loop) -> None:
        put(self._places, self._trained)
        self._trained = {}

    def on_train_end(self, loop: Loop) -> None:
        """Without a validation split nobody chose the best: the means are the result."""
        if loop.state.ended and not self._scored:
            self._put_means(loop)

    def _put_means(self, loop: Loop) -> None:
        if not self._count:
            return
        self._trained = copied(self._places)
        put(self._places, self._means)
        if self._decay is None:
            count_statistics(loop)

    def state(self) -> dict[str, Any]:
        return {"averaged": self._count, "scored": self._scored}

    def restore(self, state: dict[str, Any]) -> None:
        self._count, self._scored = state["averaged"], state["scored"]

    def tensors(self) -> dict[str, torch.Tensor]:
        return self._means

    def restore_tensors(self, tensors: dict[str, torch.Tensor]) -> None:
        self._means = {name: tensor.to(self._places[name].device) for name, tensor in tensors.items()}


def count_statistics(loop: Loop) -> None:
    """Running means and variances of batch normalisation under the present weights, over all training examples."""
    always = set(map(id, loop.always_eval))
    norms = [
        module
        for module in loop.model.modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and id(module) not in always
    ]
    if not norms:
        return
    momenta = [module.momentum for module in norms]
    loop.train_mode()
    with kept_random_state(), torch.no_grad():
        for module in norms:
            module.reset_running_stats()
            module.momentum = None  # the plain mean over all batches
        for rows in evaluation_batches(loop.plan.rows, loop.plan.batch_size, loop.plan.lengths):
            loop.forward("train", rows)
    for module, momentum in zip(norms, momenta, strict=True):
        module.momentum = momentum
        ranks.copy_from_main(buffer for buffer in module.buffers() if buffer.is_floating_point())
