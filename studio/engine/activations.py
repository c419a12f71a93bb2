"""Tensors recorded once for every example, without padding, in memory or in files mapped into it.

An example's slice of a tensor either has the same shape in every batch, or one dimension is as long as the
batch's longest sequence. Then only the example's own length is kept, and padding comes back as zeros.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Protocol

import numpy
import torch

BLOCK = 16 * 1024**2


@dataclass(frozen=True)
class Layout:
    """How an example's values lie in a batch.

    shape: without the batch dimension. sequence: the index in it of the dimension that varies, if one does.
    padded_left: padding stands before an example's own values, as language models have it.
    """

    shape: tuple[int, ...]
    sequence: int | None
    dtype: torch.dtype
    padded_left: bool = False

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of one stored row: one token where there is a sequence, else the whole example."""
        if self.sequence is None:
            return self.shape
        return self.shape[: self.sequence] + self.shape[self.sequence + 1 :]

    @property
    def row_bytes(self) -> int:
        return prod(self.row_shape) * torch.empty((), dtype=self.dtype).element_size()

    def own(self, length: int, longest: int) -> slice:
        """Where the values of an example of this length stand among `longest`."""
        return slice(longest - length, longest) if self.padded_left else slice(0, length)


def reserve(file: Path, size: int) -> None:
    """Take `size` bytes on the disk now; what the file holds already stays. On a full disk this is an OSError; a write
    into a mapped file that finds no room would end the process instead, without an error message (SIGBUS)."""
    with file.open("ab") as opened:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(opened.fileno(), 0, max(1, size))
        else:
            for start in range(opened.tell(), size, BLOCK):
                opened.write(bytes(min(BLOCK, size - start)))


class Readable(Protocol):
    """One tensor of examples that are numbered."""

    def read(self, examples: Sequence[int], longest: int | None) -> torch.Tensor:
        """The batch's tensor again, padded with zeros to `longest` where there is a sequence."""
        ...


class Recording:
    """One tensor of all examples of a part. lengths: stored rows of each example (ones without a sequence).

    file: where it lies, else in memory. is_whole: the file is there, and is only read.
    """

    def __init__(
        self, layout: Layout, lengths: Sequence[int], file: Path | None = None, is_whole: bool = False
    ) -> None:
        self.layout = layout
        self._lengths = numpy.asarray(lengths if layout.sequence is not None else [1] * len(lengths), dtype="int64")
        self._starts = numpy.concatenate([[0], numpy.cumsum(self._lengths)])
        total = int(self._starts[-1])
        if file is None:
            flat = torch.empty(total * prod(layout.row_shape), dtype=layout.dtype)
        else:
            size = total * prod(layout.row_shape)
            if not is_whole:
                reserve(file, total * layout.row_bytes)
            flat = torch.from_file(str(file), shared=not is_whole, size=size, dtype=layout.dtype)
        self._values = flat.view(total, *layout.row_shape)

    def write(self, examples: Sequence[int], batch: torch.Tensor) -> None:
        """Store a batch's tensor (batch, *shape) as the values of `examples`."""
        batch = batch.detach().to("cpu")
        if self.layout.sequence is None:
            self._values[torch.as_tensor(examples)] = batch
            return
        batch = batch.movedim(self.layout.sequence + 1, 1)
        for example, values in zip(examples, batch, strict=True):
            start, length = self._starts[example], self._lengths[example]
            self._values[start : start + length] = values[self.layout.own(length, len(values))]

    def read(self, examples: Sequence[int], longest: int | None) -> torch.Tensor:
        """See `Readable`."""
        if self.layout.sequence is None:
            return self._values[torch.as_tensor(examples)]
        assert longest is not None
        batch = torch.zeros(len(examples), longest, *self.layout.row_shape, dtype=self.layout.dtype)
        for place, example in enumerate(examples):
            start, length = self._starts[example], self._lengths[example]
            batch[place, self.layout.own(length, longest)] = self._values[start : start + length]
        return batch.movedim(1, self.layout.sequence + 1)


class Assembled:
    """One tensor of all examples of a split, which lie in several recordings of the same layout.

    recording: the number of the recording of each example. place: where it lies in that.
    """

    def __init__(self, recordings: Sequence[Recording], recording: Sequence[int], place: Sequence[int]) -> None:
        self._recordings = recordings
        self._recording, self._place = numpy.asarray(recording, "int64"), numpy.asarray(place, "int64")

    def read(self, examples: Sequence[int], longest: int | None) -> torch.Tensor:
        """See `Readable`."""
        recording, place = self._recording[list(examples)], self._place[list(examples)]
        used = numpy.unique(recording).tolist()
        if len(used) == 1:
            return self._recordings[used[0]].read(place, longest)
        batch: torch.Tensor | None = None
        for number in used:
            (where,) = numpy.nonzero(recording == number)
            values = self._recordings[number].read(place[where], longest)
            batch = values.new_empty(len(examples), *values.shape[1:]) if batch is None else batch
            batch[torch.from_numpy(where)] = values
        assert batch is not None
        return batch
