"""From row numbers to the model's loss and answers: plainly, or from recorded activations of the frozen layers."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from torch.utils._pytree import tree_map

from studio.engine.preparation import Prepared
from studio.tasks.base import Answer, Batch, Loss


class Recorded(Protocol):
    """The activations below the trainable part, of whole splits."""

    @property
    def splits(self) -> Collection[str]: ...

    def replay(self, split: str, rows: Sequence[int]) -> AbstractContextManager[Batch]:
        """Inside, the model called with the batch's tensors begins where the recording ends."""

    def close(self) -> None: ...


class Forward:
    """Calls the model on rows of a split. `cache` is put in place once the activations are recorded."""

    def __init__(self, model: nn.Module, prepared: Prepared, device: torch.device) -> None:
        self.model = model
        self.prepared = prepared
        self.task = prepared.task
        self.device = device
        self.cache: Recorded | None = None
        self.channels_last = has_convolutions(model) and device.type != "mps"

    def __call__(self, split: str, rows: Sequence[int]) -> Loss:
        """The task's own loss of these rows, with the model's outputs."""
        with self.running(split, rows) as batch:
            return self.task.loss(self.model, batch)

    def answers(self, split: str, rows: Sequence[int]) -> tuple[Loss, list[Answer]]:
        """The loss of these rows, and what the model says to each."""
        with self.running(split, rows) as batch:
            loss = self.task.loss(self.model, batch)
        if "generates" in self.task.traits:
            batch = self.load(split, rows)  # runs the model many times, from its first layer on
        return loss, self.task.answer(self.prepared.tools, self.model, batch, loss.outputs)

    def answers_alongside(self, batch_size: int) -> list[Answer]:
        """What the model says to the rows that the task wants answered besides those of a split."""
        prepared, found = self.prepared, list[Answer]()
        items = self.task.encode(prepared.tools, rows) if (rows := self.task.alongside(prepared.tools)) else []
        with torch.no_grad():
            for start in range(0, len(items), batch_size):
                some = [self.task.open(prepared.tools, item) for item in items[start : start + batch_size]]
                tensors = {name: self.placed(value) for name, value in prepared.collate(some).items()}
                found += self.task.answer(prepared.tools, self.model, Batch(tensors, some))
        return found

    @contextmanager
    def running(self, split: str, rows: Sequence[int]) -> Iterator[Batch]:
        """Inside, the model called with the batch's tensors computes only what is not recorded."""
        if self.cache is not None and split in self.cache.splits:
            with self.cache.replay(split, rows) as batch:
                yield batch
        else:
            yield self.load(split, rows)

    def prefetch(self, split: str, batches: Sequence[Sequence[int]]) -> None:
        """Begin to open the items of the coming batches, unless their activations are recorded."""
        if self.cache is None or split not in self.cache.splits:
            self.prepared.examples[split].prefetch(batches)

    def load(self, split: str, rows: Sequence[int]) -> Batch:
        """The collated batch on the device."""
        prepared = self.prepared
        items = prepared.examples[split].opened(rows)
        varied = split in prepared.varying
        tensors = (prepared.collate_training if varied else prepared.collate)(items)
        return Batch({name: self.placed(value) for name, value in tensors.items()}, items)

    def placed(self, value: Any) -> Any:
        """A batch's value on the device: a tensor, or lists and dicts of tensors."""
        return tree_map(self._placed_tensor, value)

    def _placed_tensor(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if self.channels_last and value.ndim == 4 and value.is_floating_point():
            return value.to(self.device, memory_format=torch.channels_last)
        return value.to(self.device)


def has_convolutions(model: nn.Module) -> bool:
    """Whether most of the model is convolutions: these compute faster (1.5 times on CPU) with images that lie
    in memory pixel by pixel.
    """
    convolutions = sum(p.numel() for p in model.parameters() if p.ndim == 4)
    return convolutions * 2 > sum(p.numel() for p in model.parameters())
