"""Tensors of a model by name: copied, and put back into their places."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


def copied(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def put(into: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    """Copy each value into the place of the same name."""
    with torch.no_grad():
        for name, value in values.items():
            into[name].copy_(value)


def floating_buffers(model: nn.Module) -> dict[str, torch.Tensor]:
    """Running statistics and the like, without counters."""
    return {name: buffer for name, buffer in model.named_buffers() if buffer.is_floating_point()}


@contextmanager
def kept_buffers(model: nn.Module) -> Iterator[None]:
    """The buffers (statistics of batch normalisation) are afterwards as they were before."""
    before = copied(dict(model.named_buffers()))
    try:
        yield
    finally:
        put(dict(model.named_buffers()), before)
