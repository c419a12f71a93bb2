"""Activations of frozen layers, computed once: the largest gain when only the top of a model trains.

`build_cache` cuts the model at its boundary (`frozen`), records what enters there for every example
(`activations`) and lets later passes start from it (`replay`). It is tried on a real batch before it is used;
a model that it does not fit trains without it, and the log says why.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import nn

from studio.engine.activations import Layout, Recording
from studio.engine.batching import evaluation_batches
from studio.engine.forward import Forward
from studio.engine.frozen import Call, candidate_boundaries, number_formats, same_path, trace
from studio.engine.replay import CannotRecord, Dimensions, NothingToGain, Replay, boundary_inputs, tensors_in
from studio.files import read_cache, replace_json
from studio.hardware import free_disk_bytes
from studio.language import _
from studio.store import COMPLETE
from studio.tasks.base import Batch, Item

REPEATED = ("train", "validation")  # the test split is scored once
LEAST_SHARE_OF_WORK = 0.1  # of the forward pass; below that, reading back costs as much as it saves
MOST_OF_FREE_DISK = 0.5
MOST_VALUES_OF_SMALL_FIELD = 256  # per example: images are not kept
FORMAT = 1  # of what is recorded and how; another number discards older recordings
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}


@dataclass
class SplitRecord:
    """What is kept of one split: the boundary's inputs, and small fields of the batch (None: collate again)."""

    inputs: list[Recording]
    fields: dict[str, Recording] | None


class ActivationCache:
    """Stands in for the frozen layers of `forward`'s model, for the splits that are recorded."""

    def __init__(self, forward: Forward, plan: "RecordingPlan", splits: dict[str, SplitRecord], folder: Path) -> None:
        self._forward = forward
        self._plan = plan
        self._records = splits
        self._folder = folder
        self.splits = frozenset(splits)

    @contextmanager
    def replay(self, split: str, rows: Sequence[int]) -> Iterator[Batch]:
        """Inside, the model called with the yielded batch's tensors starts at the boundary."""
        with self._plan.running(self._forward, self._records[split], split, rows, rows) as batch:
            yield batch

    def close(self) -> None:
        """Forget everything and remove the files."""
        self._forward.cache = None
        self._records.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


class RecordingPlan:
    """How to record and replay one model. Raises CannotRecord where it cannot be done."""

    def __init__(self, forward: Forward, split: str, path: list[Call], other: Call, probes: list[list[int]]) -> None:
        first, second = (forward.load(split, rows).tensors for rows in probes)
        dimensions = Dimensions(first, second)
        if dimensions.sequences is None and forward.prepared.lengths(split) is not None:
            raise CannotRecord(_("All training examples are equally long, others may not be."))
        if dimensions.batches != tuple(map(len, probes)):
            raise CannotRecord(_("Each example is read more than once at a time."))
        self.name = path[-1].name
        self.tolerance = max(TOLERANCE.get(dtype, 1e-4) for dtype in number_formats(path[0]))
        self.replay = Replay(path, other, dimensions)
        if self.replay.work < LEAST_SHARE_OF_WORK * path[0].work:
            raise NothingToGain(_("Hardly anything is computed below the first trained layer."))
        self._sequence_field = _sequence_field(first, second, dimensions)
        self._find_inputs(forward, first, second, dimensions)
        self.fields: dict[str, Layout] | None = None
        self._placeholders: dict[str, torch.Tensor] = {}
        if not labels_vary(first, second) and all(layout.sequence is None for layout in self.layouts):
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
        self.layouts: list[Layout] = []
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
            self.layouts.append(Layout(tuple(a.shape[1:]), sequence, a.dtype, padded_left))
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

    def new_record(self, lengths: Sequence[int], folder: Path | None = None) -> SplitRecord:
        def recording(name: str, layout: Layout) -> Recording:
            return Recording(layout, lengths, folder / name if folder else None)

        fields = self.fields
        return SplitRecord(
            [recording(f"input-{index}.bin", layout) for index, layout in enumerate(self.layouts)],
            None if fields is None else {name: recording(f"{name}.bin", layout) for name, layout in fields.items()},
        )

    def record(
        self, forward: Forward, into: SplitRecord, split: str, rows: Sequence[int], places: Sequence[int]
    ) -> None:
        batch = forward.load(split, rows).tensors
        leaves = boundary_inputs(self.replay.boundary, lambda: forward.model(**batch))
        for index, recording in zip(self.replay.leaves, into.inputs, strict=True):
            recording.write(places, leaves[index])
        for name, field in (into.fields or {}).items():
            field.write(places, batch[name])

    def bytes_needed(self, lengths: Sequence[int]) -> int:
        tokens, examples = int(numpy.sum(lengths)), len(lengths)
        return sum(layout.row_bytes * (examples if layout.sequence is None else tokens) for layout in self.layouts)

    def verify(self, forward: Forward, split: str, rows: list[int], lengths: Sequence[int]) -> None:
        """Raise CannotRecord unless a replayed batch gives the plain forward pass's answer.

        Recorded in halves, among other neighbours, so that what depends on these (positions that padding shifts) shows.
        """
        places = list(range(len(rows)))
        record = self.new_record([lengths[row] for row in rows])
        with torch.no_grad():
            plain = forward(split, rows)
            for half in (slice(len(rows) // 2), slice(len(rows) // 2, None)):
                if rows[half]:
                    self.record(forward, record, split, rows[half], places[half])
            with self.running(forward, record, split, rows, places) as batch:
                replayed = forward.task.loss(forward.model, batch)
        mask = batch.tensors.get("attention_mask")
        pairs = [(plain.mean, replayed.mean)]
        pairs += [(without_padding(plain.outputs.logits, mask), without_padding(replayed.outputs.logits, mask))]
        if not all(
            one.shape == other.shape and torch.allclose(one, other, rtol=self.tolerance, atol=self.tolerance)
            for one, other in pairs
        ):
            raise CannotRecord(_("A trial gave another answer than the whole model."))


def build_cache(
    forward: Forward,
    boundaries: list[list[Call]],
    folder: Path,
    batch_size: int,
    key: str,
    progress: Callable[[int, int], None],
) -> ActivationCache:
    """Record all splits that are read more than once and whose items do not vary: training and validation. A complete
    earlier recording with the same `key` is used again.

    progress: called with (done, all) examples before every batch; may raise to interrupt.
    Raises CannotRecord, with the model as it was, if it cannot or need not be done.
    """
    prepared = forward.prepared
    splits = [split for split in REPEATED if prepared.examples.get(split) and split not in prepared.varying]
    if not splits:
        raise CannotRecord(_("Every example is changed each time it is seen."))
    lengths = {split: prepared.lengths(split) or [1] * len(prepared.examples[split]) for split in splits}
    forward.model.eval()
    largest = max(splits, key=lambda split: len(lengths[split]))
    plan = _find_plan(forward, largest, boundaries, lengths[largest], batch_size)
    needed = sum(plan.bytes_needed(lengths[split]) for split in splits)
    if needed > MOST_OF_FREE_DISK * free_disk_bytes(folder):
        raise CannotRecord(
            _("They would fill {memory:.1f} GB, more than half of the free disk.", memory=needed / 1024**3)
        )
    signature = {
        "format": FORMAT,
        "key": key,
        "boundary": plan.name,
        "fields": sorted(plan.fields or ()),
        "lengths": {split: sum(lengths[split]) for split in splits},
    }
    records = _records(plan, folder, lengths, signature)
    if not (folder / COMPLETE).is_file():
        done, total = 0, sum(len(lengths[split]) for split in splits)
        for split in splits:
            sizes = prepared.lengths(split)
            for rows in evaluation_batches(len(lengths[split]), 2 * batch_size, sizes):
                progress(done, total)
                plan.record(forward, records[split], split, rows, rows)
                done += len(rows)
        replace_json(folder / COMPLETE, signature)
    return ActivationCache(forward, plan, records, folder)


def _find_plan(
    forward: Forward, split: str, boundaries: list[list[Call]], lengths: Sequence[int], batch_size: int
) -> RecordingPlan:
    """Of all places to cut the one that keeps least and passes its trial; else the first one's reason is raised."""
    by_length = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    if len(by_length) < 5:
        raise CannotRecord(_("There are too few examples."))
    probes = [[by_length[0], *by_length[-2:]], by_length[-2:]]
    first, second = (trace(forward.model, partial(forward, split, rows)) for rows in probes)
    forward.model.eval()
    reasons: list[CannotRecord] = []
    plans = []
    for path in (
        longer for boundary in boundaries for longer in candidate_boundaries(first, same_path(first, boundary))
    ):
        try:
            plans.append(RecordingPlan(forward, split, path, second, probes))
        except CannotRecord as error:
            reasons.append(error)
    trial = by_length[:: max(1, len(by_length) // batch_size)][:batch_size]
    for plan in sorted(plans, key=lambda plan: plan.bytes_needed(lengths)):
        try:
            with nudged_weights(forward.model):
                plan.verify(forward, split, trial, lengths)
        except CannotRecord as error:
            reasons.append(error)
        else:
            return plan
    raise next(iter(reasons), CannotRecord(_("Nothing is frozen below the first trained layer.")))


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


def _records(
    plan: RecordingPlan, folder: Path, lengths: dict[str, list[int]], signature: dict[str, Any]
) -> dict[str, SplitRecord]:
    """Files for all splits: those of an earlier life of the run if they are complete, else new ones."""
    marker = folder / COMPLETE
    if {"format": 1, **(read_cache(marker, dict) or {})} != signature:  # the first recordings named no format
        shutil.rmtree(folder, ignore_errors=True)
    records = {}
    for split, sizes in lengths.items():
        (folder / split).mkdir(parents=True, exist_ok=True)
        records[split] = plan.new_record(sizes, folder / split)
    return records


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
