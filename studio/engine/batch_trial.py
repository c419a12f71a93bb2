"""The batch size that fits, found by trial: training steps on the longest examples, without moving a weight.

A GPU that runs out of memory says so and goes on, so there the wish is tried first, and halved until it fits. A
machine without a GPU would begin to swap, so there small batches are tried first, and the next larger one only
where what they took lets it fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
import torch
from torch import nn

from studio.engine.failures import is_out_of_memory
from studio.engine.tensors import kept_buffers
from studio.errors import StudioError
from studio.language import _, listing

MARGIN = 1.5  # what a batch may take, times what smaller ones lead to expect
SHARE = 0.8  # of the free memory
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Trials:
    """size: what fits. taken: batch sizes tried, with the bytes that each took; None where it did not fit."""

    size: int
    taken: dict[int, int | None]

    @property
    def words(self) -> str:
        return listing(_tried(size, taken) for size, taken in self.taken.items())


def on_gpu(wish: int, attempt: Callable[[int], int]) -> Trials:
    """attempt: bytes that a step with so many examples takes; raises an error of a full memory."""
    taken: dict[int, int | None] = {}
    size = wish
    while size:
        try:
            taken[size] = attempt(size)
            return Trials(size, taken)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            taken[size] = None
            torch.cuda.empty_cache()
        size //= 2
    raise StudioError(
        _("The model does not fit into the memory of this GPU."),
        _("Not even a step with a single example could be computed."),
        _("Choose a smaller model or a way of training with less memory, or switch gradient checkpointing on."),
    )


def on_processor(wish: int, attempt: Callable[[int], int], free: Callable[[], int]) -> Trials:
    """attempt: bytes that a step with so many examples takes. free: bytes that are free when none is computed."""
    taken: dict[int, int | None] = {}
    size = min(wish, max(2, wish // 16))  # batch normalisation needs two
    while True:
        bytes_taken = taken[size] = attempt(size)
        expected = MARGIN * bytes_taken / size
        larger = [next_size for next_size in (4 * size, 2 * size) if next_size <= wish]
        fitting = [next_size for next_size in larger if expected * next_size <= SHARE * free()]
        if not fitting:
            return Trials(size, taken)
        size = fitting[0]


def find_batch_size(
    wish: int, model: nn.Module, loss_of: Callable[[Sequence[int]], torch.Tensor], longest: Sequence[int], state: int
) -> Trials:
    """The largest of `wish`, its half, ... (powers of two) with which a training step fits into memory.

    The model lies on its device already. loss_of: rows -> their loss. longest: rows, those first that take most.
    state: bytes that the optimizer will keep.
    """
    device = next(model.parameters()).device

    def step(size: int, measured: Callable[[], int]) -> int:
        before = measured()
        loss = loss_of([longest[index % len(longest)] for index in range(size)])
        held = measured() - before  # what is kept for the way back is all there now
        loss.backward()
        return max(held, measured() - before)

    def on_device(size: int) -> int:
        torch.cuda.reset_peak_memory_stats(device)
        ballast = torch.empty(state, dtype=torch.uint8, device=device)
        try:
            step(size, lambda: 0)
            return torch.cuda.max_memory_allocated(device)
        finally:
            del ballast
            model.zero_grad(set_to_none=True)

    def in_memory(size: int) -> int:
        try:
            return step(size, lambda: psutil.Process().memory_info().rss)
        finally:
            model.zero_grad(set_to_none=True)

    with kept_buffers(model):
        if device.type == "cuda":
            return on_gpu(wish, on_device)
        return on_processor(wish, in_memory, lambda: psutil.virtual_memory().available - state)


def _tried(size: int, taken: int | None) -> str:
    if taken is None:
        return _("{size}: does not fit", size=size)
    return _("{size}: {memory:.2f} GB", size=size, memory=taken / GIGABYTE)
