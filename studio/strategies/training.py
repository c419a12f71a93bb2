"""Switching training on for named parameters: what strategies without adapters share."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def train_only(model: "nn.Module", names: Collection[str]) -> "nn.Module":
    """Let exactly the parameters in `names` take gradients."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
    return model
