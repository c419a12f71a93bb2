"""Activations of frozen layers, computed once: the largest gain when only the top of a model trains.

`build_cache` cuts the model at its boundary (`frozen`), records what enters there for every example that no run has
recorded before (`activations`, `studio.activation_store`) and lets later passes start from it (`replay`). It is tried
on a real batch before it is used; a model that it does not fit trains without it, and the log says why.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from studio.activation_store import UNFINISHED, ActivationStore, Part, finish
from studio.engine.batching import evaluation_batches
from studio.engine.fingerprint import Fingerprints
from studio.engine.forward import Forward
from studio.engine.frozen import Call, candidate_boundaries, same_path, trace
from studio.engine.recording_plan import RecordingPlan, SplitRecord, nudged_weights
from studio.engine.replay import CannotRecord
from studio.files import read_cache, replace_json
from studio.hardware import free_disk_bytes
from studio.language import _
from studio.store import COMPLETE
from studio.tasks.base import Batch

REPEATED = ("train", "validation")  # the test split is scored once
MOST_OF_FREE_DISK = 0.5

logger = logging.getLogger(__name__)
Keys = Mapping[str, Sequence[bytes]]
"""By split, one for each row; see `Fingerprints.of_rows`."""


class ActivationCache:
    """Stands in for the frozen layers of `forward`'s model, for the splits that are recorded."""

    def __init__(self, forward: Forward, plan: RecordingPlan, splits: dict[str, SplitRecord], folder: Path) -> None:
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
        """Forget everything and remove the run's own files."""
        self._forward.cache = None
        self._records.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


def build_cache(
    forward: Forward,
    boundaries: list[list[Call]],
    folder: Path,
    batch_size: int,
    precision: str,
    store: ActivationStore,
    progress: Callable[[int, int], None],
    splits: Collection[str] = REPEATED,
    trial_rows: int | None = None,
) -> ActivationCache:
    """Take what the store has of all `splits` whose items do not vary, and record the rest. What an earlier life of the
    run took is used again.

    trial_rows: with how many it is tried; by default a batch.
    folder: of the run, for what it uses. precision: in which the layers compute.
    progress: called with (done, all) examples before every batch; may raise to interrupt.
    Raises CannotRecord, with the model as it was, if it cannot or need not be done.
    """
    prepared = forward.prepared
    splits = [split for split in splits if prepared.examples.get(split) and split not in prepared.varying]
    if not splits:
        raise CannotRecord(_("Every example is changed each time it is seen."))
    lengths = {split: prepared.lengths(split) or [1] * len(prepared.examples[split]) for split in splits}
    forward.model.eval()
    prints = Fingerprints(forward, precision)
    largest = max(splits, key=lambda split: len(lengths[split]))
    plan, shelf = _find_plan(forward, largest, boundaries, lengths[largest], trial_rows or batch_size, prints, store)
    keys = {split: prints.of_rows(split) for split in splits}
    recorder = Recorder(forward, plan, keys, lengths, batch_size)
    signature = {"shelf": shelf, "rows": _digest(key for split in splits for key in keys[split])}
    parts = _parts_of_earlier_life(folder, signature)
    if parts is None:
        shutil.rmtree(folder, ignore_errors=True)
        parts = _taken(store, shelf, keys, folder)
        if lacking := _lacking(keys, parts):
            _make_room(recorder.bytes_needed(lacking), folder, store)
            parts.append(recorder.record(lacking, folder, progress))
            store.keep(shelf, parts[-1])
        replace_json(folder / COMPLETE, {**signature, "parts": [part.folder.name for part in parts]})
    return ActivationCache(forward, plan, {split: plan.record_of(parts, keys[split]) for split in splits}, folder)


@dataclass(frozen=True)
class Recorder:
    """lengths: by split, of each row."""

    forward: Forward
    plan: RecordingPlan
    keys: Keys
    lengths: Mapping[str, Sequence[int]]
    batch_size: int

    def bytes_needed(self, lacking: Mapping[str, Sequence[int]]) -> int:
        return self.plan.bytes_needed([self.lengths[split][row] for split, rows in lacking.items() for row in rows])

    def record(self, lacking: Mapping[str, Sequence[int]], folder: Path, progress: Callable[[int, int], None]) -> Part:
        """A new part in `folder` with these rows of each split."""
        keys = [self.keys[split][row] for split, rows in lacking.items() for row in rows]
        target = folder / _digest(keys)
        beside = folder / f".{target.name}{UNFINISHED}"
        beside.mkdir(parents=True)
        self._fill(beside, lacking, progress)
        part = finish(beside, keys)
        beside.rename(target)
        return Part(target, part.keys, part.bytes)

    def _fill(self, folder: Path, lacking: Mapping[str, Sequence[int]], progress: Callable[[int, int], None]) -> None:
        lengths = {split: [self.lengths[split][row] for row in rows] for split, rows in lacking.items()}
        record = self.plan.new_record([length for some in lengths.values() for length in some], folder)
        begin, done, total = 0, 0, sum(map(len, lacking.values()))
        for split, rows in lacking.items():
            sizes = None if self.forward.prepared.lengths(split) is None else lengths[split]
            for places in evaluation_batches(len(rows), 2 * self.batch_size, sizes):
                progress(done, total)
                batch = [rows[place] for place in places]
                self.plan.record(self.forward, record, split, batch, [begin + place for place in places])
                done += len(batch)
            begin += len(rows)


def _parts_of_earlier_life(folder: Path, signature: dict[str, Any]) -> list[Part] | None:
    """None where the run did not come so far, or had other rows or layers."""
    said = read_cache(folder / COMPLETE, dict) or {}
    names = said.pop("parts", [])
    parts = [Part.read(folder / name) for name in names]
    return [part for part in parts if part] if said == signature and all(parts) else None


def _taken(store: ActivationStore, shelf: str, keys: Keys, folder: Path) -> list[Part]:
    """As few parts as have all that the store knows of these rows, in the run's own folder."""
    wanted, parts = {key for some in keys.values() for key in some}, []
    for part in sorted(store.parts(shelf), key=lambda part: -len(wanted.intersection(part.keys))):
        if wanted.intersection(part.keys) and (own := store.take(part, folder)):
            parts.append(own)
            wanted.difference_update(own.keys)
    return parts


def _lacking(keys: Keys, parts: Sequence[Part]) -> dict[str, list[int]]:
    """By split, the rows that are in no part, and the first of those that are alike."""
    there = {key for part in parts for key in part.keys}
    lacking: dict[str, list[int]] = {}
    for split, some in keys.items():
        for row, key in enumerate(some):
            if key not in there:
                there.add(key)
                lacking.setdefault(split, []).append(row)
    return lacking


def _make_room(needed: int, folder: Path, store: ActivationStore) -> None:
    """What other runs have recorded goes first. Raises CannotRecord where there is no room even so."""

    def fits() -> bool:
        return needed <= MOST_OF_FREE_DISK * free_disk_bytes(folder)

    store.free_until(fits)
    if not fits():
        shutil.rmtree(folder, ignore_errors=True)
        raise CannotRecord(
            _("They would fill {memory:.1f} GB, more than half of the free disk.", memory=needed / 1024**3)
        )


def _find_plan(
    forward: Forward,
    split: str,
    boundaries: list[list[Call]],
    lengths: Sequence[int],
    trial_rows: int,
    prints: Fingerprints,
    store: ActivationStore,
) -> tuple[RecordingPlan, str]:
    """Of all places to cut the one that keeps least and passes its trial, with its shelf; else the first one's reason
    is raised."""
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
    trial = by_length[:: max(1, len(by_length) // trial_rows)][:trial_rows]
    for plan in sorted(plans, key=lambda plan: plan.bytes_needed(lengths)):
        shelf = prints.of_layers(plan.path, [*plan.layouts.items(), plan.replay.leaves])
        kept = _kept(plan, store.parts(shelf), [prints.of_rows(split)[row] for row in trial])
        try:
            with nudged_weights(forward.model):
                if kept is not None and not _stands(plan, forward, split, trial, lengths, kept):
                    store.forget(shelf)
                    kept = None
                if kept is None:
                    plan.verify(forward, split, trial, lengths)
        except CannotRecord as error:
            reasons.append(error)
        else:
            return plan, shelf
    raise next(iter(reasons), CannotRecord(_("Nothing is frozen below the first trained layer.")))


def _kept(plan: RecordingPlan, parts: Sequence[Part], keys: Sequence[bytes]) -> SplitRecord | None:
    """What earlier runs have recorded of these rows, where that is all of them."""
    there = {key for part in parts for key in part.keys}
    return plan.record_of(parts, keys) if there.issuperset(keys) else None


def _stands(
    plan: RecordingPlan, forward: Forward, split: str, rows: list[int], lengths: Sequence[int], kept: SplitRecord
) -> bool:
    """Whether what was kept still is what the model says."""
    try:
        plan.verify(forward, split, rows, lengths, kept)
    except CannotRecord:
        logger.warning("What earlier runs have recorded is not what this model says; it is recorded anew.")
        return False
    return True


def _digest(keys: Iterator[bytes] | Sequence[bytes]) -> str:
    return hashlib.blake2b(b"".join(keys), digest_size=16).hexdigest()
