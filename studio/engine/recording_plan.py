"""How one model is recorded and replayed: what enters its first trained layer, tried on a real batch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import nn

from studio.activation_store import Part
from studio.engine.activations import Assembled, Layout, Readable, Recording
from studio.engine.forward import Forward
from studio.engine.frozen import Call, number_formats
from studio.engine.replay import CannotRecord, Dimensions, NothingToGain, Replay, boundary_inputs, tensors_in
from studio.language import _
from studio.tasks.base import Batch, Item

LEAST_SHARE_OF_WORK = 0.1  # of the forward pass; below that, reading back costs as much as it saves
MOST_VALUES_OF_SMALL_FIELD = 256  # per example: images are not kept
LENGTHS = "lengths.bin"  # of the rows of a part
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


@dataclass
class SplitRecord:
    """What is kept of one split: the boundary's inputs, and small fields of the batch (None: collate again)."""

    inputs: Sequence[Readable]
    fields: Mapping[str, Readable] | None


class RecordingPlan:
    """How to record and replay one model. Raises CannotRecord where it cannot be done."""

    def __init__(self, forward: Forward, split: str, path: list[Call], other: Call, probes: list[list[int]]) -> None:
        first, second = (forward.load(split, rows).tensors for rows in probes)
        dimensions = Dimensions(first, second)
        if dimensions.sequences is None and forward.prepared.lengths(split) is not None:
            raise CannotRecord(_("All training examples are equally long, others may not be."))
        if dimensions.batches != tuple(map(len, probes)):
            raise CannotRecord(_("Each example is read more than once at a time."))
        self.path = path
        self.tolerance = max(TOLERANCE.get(dtype, 1e-4) for dtype in number_formats(path[0]))
        self.replay = Replay(path, other, dimensions)
        if self.replay.work < LEAST_SHARE_OF_WORK * path[0].work:
            raise NothingToGain(_("Hardly anything is computed below the first trained layer."))
        self._sequence_field = _sequence_field(first, second, dimensions)
        self._find_inputs(forward, first, second, dimensions)
        self.fields: dict[str, Layout] | None = None
        self._placeholders: dict[str, torch.Tensor] = {}
        if not labels_vary(first, second) and all(layout.sequence is None for layout in self.inputs):
            self._keep_fields(first, second)

    def _find_inputs(self, forward: Forward, first: Any, second: Any, dimensions: Dimensions) -> None:
        """The boundary's inputs that come from frozen layers are those that change when these fall silent."""
        replay = self.replay
        real = boundary_inputs(replay.boundary, lambda: forward.model(**first))
        with replay.running(dimensions.batches[0], (dimensions.sequences or (None,))[0], ()):
            silent = boundary_inputs(replay.boundary, lambda: forward.model(**first))
        other = boundary_inputs(replay.boundary, lambda: forward.model(**second))
        if not len(real) == len(silent) == len(other):
            raise CannotRecord(_("The first trained layer gets another number of inputs from time to time."))
        self.inputs: list[Layout] = []
        padded_left = starts_with_padding(first)
        for index, (a, b, c) in enumerate(zip(real, silent, other, strict=True)):
            if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor) or a is b:
                continue
            if a.shape == b.shape and torch.equal(a, b):
                continue
            sizes = dimensions.of(a.shape, c.shape)
            if not sizes or sizes[0] != "batch" or "batch" in sizes[1:] or sizes.count("sequence") > 1:
                raise CannotRecord(_("What enters the first trained layer is not one value for each example."))
            sequence = sizes.index("sequence") - 1 if "sequence" in sizes else None
            self.inputs.append(Layout(tuple(a.shape[1:]), sequence, a.dtype, padded_left))
            replay.leaves.append(index)
        if not replay.leaves:
            raise CannotRecord(_("Nothing from the frozen layers enters the first trained one."))

    def _keep_fields(self, first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
        """Where nothing of varying size is left above the boundary, keep the labels and small inputs of fixed size.

        The others (images, tokens) only matter below: one short example of them serves for all.
        """
        self.fields = {}
        for name, tensor in tensors_in(second).items():
            fixed = tensor.shape[1:] == first[name].shape[1:]
            if name == "labels" or (fixed and tensor[0].numel() <= MOST_VALUES_OF_SMALL_FIELD):
                self.fields[name] = Layout(tuple(tensor.shape[1:]), None, tensor.dtype)
            else:
                self._placeholders[name] = tensor[:1].clone()

    @contextmanager
    def running(
        self, forward: Forward, record: SplitRecord, split: str, rows: Sequence[int], places: Sequence[int]
    ) -> Iterator[Batch]:
        """places: where in the record the rows lie."""
        if record.fields is None:
            batch = forward.load(split, rows)
        else:
            tensors = {name: field.read(places, None).to(forward.device) for name, field in record.fields.items()}
            for name, tensor in self._placeholders.items():
                tensors[name] = tensor.expand(len(rows), *tensor.shape[1:])
            batch = Batch(tensors, PlainItems(forward, split, rows))
        longest = None
        if self._sequence_field is not None:
            name, dimension = self._sequence_field
            longest = batch.tensors[name].shape[dimension]
        inputs = [recording.read(places, longest).to(forward.device) for recording in record.inputs]
        with self.replay.running(len(rows), longest, inputs):
            yield batch

    @property
    def layouts(self) -> dict[str, Layout]:
        """Of all that is kept of a row, by the file that it lies in."""
        inputs = {f"input-{index}.bin": layout for index, layout in enumerate(self.inputs)}
        return inputs | {f"field-{name}.bin": layout for name, layout in (self.fields or {}).items()}

    def new_record(self, lengths: Sequence[int], folder: Path | None = None) -> SplitRecord:
        """Room for so many examples. folder: where it lies, to become a part; else in memory."""
        if folder is not None:
            numpy.asarray(lengths, "int64").tofile(folder / LENGTHS)
        return self._record(
            {name: Recording(layout, lengths, folder and folder / name) for name, layout in self.layouts.items()}
        )

    def record_of(self, parts: Sequence[Part], keys: Sequence[bytes]) -> SplitRecord:
        """The rows of these keys, which lie in the parts."""
        places = {key: (number, place) for number, part in enumerate(parts) for place, key in enumerate(part.keys)}
        number, place = zip(*(places[key] for key in keys), strict=True)
        lengths = [numpy.fromfile(part.folder / LENGTHS, "int64").tolist() for part in parts]

        def assembled(name: str, layout: Layout) -> Assembled:
            files = (part.folder / name for part in parts)
            return Assembled(
                [Recording(layout, each, file, is_whole=True) for each, file in zip(lengths, files, strict=True)],
                number,
                place,
            )

        return self._record({name: assembled(name, layout) for name, layout in self.layouts.items()})

    def _record(self, files: Mapping[str, Any]) -> SplitRecord:
        fields = None if self.fields is None else {name: files[f"field-{name}.bin"] for name in self.fields}
        return SplitRecord([files[f"input-{index}.bin"] for index in range(len(self.inputs))], fields)

    def record(
        self, forward: Forward, into: SplitRecord, split: str, rows: Sequence[int], places: Sequence[int]
    ) -> None:
        batch = forward.load(split, rows).tensors
        leaves = boundary_inputs(self.replay.boundary, lambda: forward.model(**batch))
        written: list[tuple[Any, Any]] = [
            (recording, leaves[index]) for index, recording in zip(self.replay.leaves, into.inputs, strict=True)
        ]
        written += [(field, batch[name]) for name, field in (into.fields or {}).items()]
        for recording, values in written:
            recording.write(places, values)

    def bytes_needed(self, lengths: Sequence[int]) -> int:
        tokens, examples = int(numpy.sum(lengths)), len(lengths)
        layouts = self.layouts.values()
        return sum(layout.row_bytes * (examples if layout.sequence is None else tokens) for layout in layouts)

    def verify(
        self, forward: Forward, split: str, rows: list[int], lengths: Sequence[int], kept: SplitRecord | None = None
    ) -> None:
        """Raise CannotRecord unless a replayed batch gives the plain forward pass's answer.

        kept: what an earlier run has recorded of these rows. Without, they are recorded in halves, among other
        neighbours, so that what depends on these (positions that padding shifts) shows.
        """
        places = list(range(len(rows)))
        record = kept or self.new_record([lengths[row] for row in rows])
        with torch.no_grad():
            plain = forward(split, rows)
            for half in (slice(len(rows) // 2), slice(len(rows) // 2, None)):
                if rows[half] and not kept:
                    self.record(forward, record, split, rows[half], places[half])
            with self.running(forward, record, split, rows, places) as batch:
                replayed = forward.task.loss(forward.model, batch)
        mask = batch.tensors.get("attention_mask")
        pairs = [(plain.mean, replayed.mean)]
        pairs += [
            (without_padding(one, mask), without_padding(other, mask))
            for one, other in zip(logits_of(plain.outputs), logits_of(replayed.outputs), strict=True)
        ]
        if not all(
            one.shape == other.shape and torch.allclose(one, other, rtol=self.tolerance, atol=self.tolerance)
            for one, other in pairs
        ):
            raise CannotRecord(_("A trial gave another answer than the whole model."))


def logits_of(outputs: Any) -> list[torch.Tensor]:
    """What a model says, under whatever names: Mask2Former has classes and masks."""
    named = [value for name, value in outputs.items() if name == "logits" or name.endswith("_queries_logits")]
    return [value for value in named if value is not None] or [outputs.logits]


@contextmanager
def nudged_weights(model: nn.Module) -> Iterator[None]:
    """Inside, everything that trains is off by a little: weights that begin at zero would hide a wrong cut."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trained]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trained:
            noise = torch.randn(parameter.shape, generator=generator).to(parameter.device, parameter.dtype)
            parameter.add_(noise, alpha=0.02)
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, values in zip(trained, before, strict=True):
                parameter.copy_(values)


class PlainItems(Sequence[Item]):
    """The encoded rows of a replayed batch, read only where somebody asks for them."""

    def __init__(self, forward: Forward, split: str, rows: Sequence[int]) -> None:
        self._examples, self._rows = forward.prepared.examples[split], rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._examples.plain([self._rows[index]])[0]


def without_padding(logits: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """Of logits for each token (batch, tokens, ...) those of real tokens: what padding answers means nothing."""
    return logits[mask.bool()] if mask is not None and logits.shape[:-1] == mask.shape else logits


def starts_with_padding(batch: dict[str, Any]) -> bool:
    """Whether shorter examples of a batch are padded at their beginning."""
    mask = batch.get("attention_mask")
    return mask is not None and not bool(mask[:, 0].all())


def labels_vary(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether labels have another shape from batch to batch, or are no tensor at all."""
    labels = [batch.get("labels") for batch in (first, second)]
    if not all(isinstance(each, torch.Tensor) for each in labels):
        return True
    return labels[0].shape[1:] != labels[1].shape[1:]  # type: ignore[union-attr]


def _sequence_field(
    first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], dimensions: Dimensions
) -> tuple[str, int] | None:
    """A field of the batch, and its dimension, from which the padded length is read."""
    for name in tensors_in(first):
        pairs = list(zip(first[name].shape, second[name].shape, strict=True))
        if dimensions.sequences in pairs:
            return name, pairs.index(dimensions.sequences)
    return None
