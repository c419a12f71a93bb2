"""What is added to the gradients of every step, before they are clipped.

L1: the subgradient of l1 x |w|. L2-SP: the gradient of l2_sp / 2 x |w - w0|^2, towards the pretrained weights, and
towards zero for what is new (Li et al. 2018, arXiv:1802.01483). Noise: variance eta / (1 + t)^0.55 at step t
(Neelakantan et al. 2015, arXiv:1511.06807). Biases and norms (1-D) have no penalties, as they have no weight decay.
"""

from collections.abc import Collection

import torch

from studio.engine import ranks
from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop

NOISE_FALLS = 0.55
STEPS_APART = 10**9  # two seeds never give the same noise at different steps


class Penalties(Callback):
    """new: parameters that did not come with the pretrained model. What peft added is new, whatever its name."""

    name = "penalties"

    def __init__(self, loop: Loop, new: Collection[str], known: Collection[str], l1: float, l2_sp: float) -> None:
        matrices = {name: parameter for name, parameter in loop.trained.items() if parameter.ndim > 1}
        pretrained = {name for name in matrices if name in known and name not in new}
        self._start = {name: matrices[name].detach().clone() for name in pretrained} if l2_sp else {}
        self._matrices = matrices
        self._l1, self._l2_sp = l1, l2_sp

    def on_gradients(self, loop: Loop) -> None:
        scale = loss_scale(loop)
        for name, parameter in self._matrices.items():
            if parameter.grad is None:
                continue
            values = parameter.detach()
            if self._l1:
                parameter.grad.add_(values.sign(), alpha=scale * self._l1)
            if self._l2_sp:
                start = self._start.get(name)
                parameter.grad.add_(values if start is None else values - start, alpha=scale * self._l2_sp)


class GradientNoise(Callback):
    """One process draws from the global random numbers; several processes must add the same noise, so there the
    seed and the step alone decide it."""

    name = "gradient-noise"

    def __init__(self, eta: float, seed: int = 0) -> None:
        self._eta, self._seed = eta, seed

    def on_gradients(self, loop: Loop) -> None:
        deviation = loss_scale(loop) * (self._eta / (1 + loop.state.step) ** NOISE_FALLS) ** 0.5
        gradients = [parameter.grad for parameter in loop.trained.values() if parameter.grad is not None]
        generator = None
        if ranks.world() > 1:
            generator = torch.Generator(gradients[0].device).manual_seed(self._seed * STEPS_APART + loop.state.step)
        for gradient in gradients:
            noise = torch.empty_like(gradient).normal_(generator=generator)
            gradient.add_(noise, alpha=deviation)


def loss_scale(loop: Loop) -> float:
    """Gradients are so many times as large in fp16, until they are clipped."""
    return float(loop.accelerator.scaler.get_scale()) if loop.accelerator.scaler is not None else 1.0
