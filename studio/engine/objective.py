"""What a step makes smaller: the model's own loss."""

from collections.abc import Callable, Sequence

import torch

from studio.engine.forward import Forward

Objective = Callable[[Forward, Sequence[int]], torch.Tensor]
"""(forward, rows of the training part) -> the mean loss over the rows, a scalar with gradients."""


def own_loss(forward: Forward, rows: Sequence[int]) -> torch.Tensor:
    """The loss that the model itself computes (cross-entropy, for a classifier)."""
    loss: torch.Tensor = forward("train", rows).loss
    return loss
