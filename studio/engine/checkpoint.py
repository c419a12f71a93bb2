"""Saving and restoring a training in mid-run, to the bit.

RUN_DIR/checkpoints/ step-00000120/  weights.safetensors (what trains, and buffers), optimizer.pt, random.pt,
                                     callbacks.pt and state.json (position, and by the callbacks' names what
                                     they remember); checksums.json of these; COMPLETE comes last
                     best-00000120.safetensors   the weights of the best step so far
                     best-00000120.json          their checksum
                     damaged-00000120/           one that could not be read back; nothing reads it any more
                     .tmp/                       one being written
"""

import json
import logging
import shutil
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from studio.engine import ranks
from studio.engine.callbacks.base import Callback
from studio.engine.failures import DiskFull
from studio.engine.loop import Loop, State, not_finite
from studio.engine.random_state import random_state, restore_random_state
from studio.engine.tensors import put
from studio.errors import StudioError
from studio.files import read_object, replace_json, replace_text, replace_with
from studio.hardware import free_disk_bytes
from studio.language import _, sentences
from studio.migrations import CHECKPOINT
from studio.room import room_words
from studio.store import is_complete, mark_complete

logger = logging.getLogger(__name__)
KEPT = 2
CHECKSUMS = "checksums.json"
TENSORS = ("optimizer.pt", "random.pt", "callbacks.pt")
MARGIN_BYTES = 16 * 1024**2  # must stay free, for the log and the last words


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def newest(self) -> Path | None:
        complete = [path for path in self.folder.glob("step-*") if is_complete(path)]
        return max(complete, default=None)

    def newest_whole(self) -> Path | None:
        """The newest checkpoint that can be read back, with the best weights that it speaks of; newer ones that are
        damaged are set aside. In process 0 alone."""
        while (newest := self.newest()) is not None and not self._is_whole(newest):
            newest.rename(_fresh(self.folder / newest.name.replace("step-", "damaged-")))
        return newest

    def _is_whole(self, path: Path) -> bool:
        """By the checksums; where an older version of the studio wrote none, by reading it."""
        try:
            if not (path / CHECKSUMS).is_file():
                _read_all(path)
            elif not _agrees(path / CHECKSUMS):
                return False
            step = _best_step(path)
            if step is None:
                return True
            best = self._best(step)
            if best.with_suffix(".json").is_file():
                return _agrees(best.with_suffix(".json"))
            load_file(best)
        except (MemoryError, StudioError):
            raise  # nothing is wrong with the files
        except Exception:  # what torch and safetensors raise is of many kinds
            logger.warning("The checkpoint %s cannot be read.", path, exc_info=True)
            return False
        return True

    def newest_step(self) -> int:
        newest = self.newest()
        return step_of(newest) if newest else 0

    # --- save ---------------------------------------------------------------------------------

    def save(self, loop: Loop) -> None:
        """Raises DiskFull where the disk has no room for it; the checkpoints before stay. Process 0 writes for all."""
        random_states = ranks.gathered([random_state()])
        if not ranks.is_main():
            return
        weights = changing_tensors(loop.model, loop.trained)
        if not all(torch.isfinite(tensor).all() for tensor in weights.values()):
            raise not_finite(loop.state.step)
        optimizer = loop.optimizer.state_dict()
        tensors = {callback.name: callback.tensors() for callback in loop.callbacks}
        self._check_space(sum(map(_bytes_of, (weights, optimizer, tensors, random_states))))
        temporary = self.folder / ".tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        replace_with(temporary / "weights.safetensors", lambda path: save_file(weights, path))
        scaler = loop.accelerator.scaler.state_dict() if loop.accelerator.scaler is not None else {}
        replace_with(
            temporary / "optimizer.pt", lambda path: torch.save({"optimizer": optimizer, "scaler": scaler}, path)
        )
        replace_with(temporary / "random.pt", lambda path: torch.save(random_states, path))
        replace_with(temporary / "callbacks.pt", lambda path: torch.save(tensors, path))
        callbacks = {callback.name: callback.state() for callback in loop.callbacks}
        state = CHECKPOINT.stamp({"position": loop.state.as_dict(), "callbacks": callbacks})
        replace_text(temporary / "state.json", json.dumps(state))
        _write_checksums(temporary / CHECKSUMS, list(temporary.iterdir()))
        target = self.folder / f"step-{loop.state.step:08}"
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        mark_complete(target)
        self._prune()

    def save_best(self, loop: Loop) -> None:
        if not ranks.is_main():
            return
        weights = changing_tensors(loop.model, loop.trained)
        self._check_space(_bytes_of(weights))
        best = self._best(loop.state.step)
        best.with_suffix(".json").unlink(missing_ok=True)
        replace_with(best, lambda path: save_file(weights, path))
        _write_checksums(best.with_suffix(".json"), [best])

    def _best(self, step: int) -> Path:
        return self.folder / f"best-{step:08}.safetensors"

    def _check_space(self, needed: int) -> None:
        free = free_disk_bytes(self.folder)
        if free < needed + MARGIN_BYTES:
            raise DiskFull(sentences(_("The run is saving its progress."), room_words(free, needed + MARGIN_BYTES)))

    def _prune(self) -> None:
        """Keep the newest two, and the best weights that they speak of."""
        kept = sorted(path for path in self.folder.glob("step-*") if is_complete(path))[-KEPT:]
        best = {self._best(step) for path in kept if (step := _best_step(path)) is not None}
        for path in self.folder.glob("step-*"):
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob("best-*.safetensors"):
            if path not in best:
                path.unlink(missing_ok=True)
                path.with_suffix(".json").unlink(missing_ok=True)

    # --- restore ------------------------------------------------------------------------------

    def restore(self, loop: Loop, path: Path) -> None:
        """Put model, optimizer, random numbers, position and callbacks back to where they were.

        Raises StudioError, before anything is changed, where a newer studio wrote the checkpoint.
        """
        tensors = torch.load(path / "callbacks.pt", map_location="cpu", weights_only=True)
        state = CHECKPOINT.upgrade({**_stored_state(path), "tensors": tensors})
        load_tensors(loop.model, path / "weights.safetensors")
        stored = torch.load(path / "optimizer.pt", map_location="cpu", weights_only=True)
        loop.optimizer.load_state_dict(stored["optimizer"])
        if loop.accelerator.scaler is not None and stored["scaler"]:
            loop.accelerator.scaler.load_state_dict(stored["scaler"])
        loop.state = State(**state["position"])
        for callback in loop.callbacks:
            if callback.name in state["callbacks"]:
                callback.restore(state["callbacks"][callback.name])
                callback.restore_tensors(state["tensors"][callback.name])
            elif callback.state():
                raise _nothing_known_of(callback)
        states = torch.load(path / "random.pt", weights_only=True)
        states = states if isinstance(states, list) else [states]  # version 1 had one process
        if ranks.rank() < len(states):
            restore_random_state(states[ranks.rank()])

    def restore_best(self, model: nn.Module, step: int | None) -> None:
        """Load the best weights; without a best step the present ones are the best there are."""
        ranks.wait()  # process 0 may be writing them
        if step is not None:
            load_tensors(model, self._best(step))
        ranks.wait()  # or be about to remove them


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("step-"))


def _write_checksums(target: Path, files: Iterable[Path]) -> None:
    replace_json(target, {file.name: _checksum(file) for file in files})


def _agrees(checksums: Path) -> bool:
    """Whether each file beside `checksums` is as it was when they were written."""
    known = read_object(checksums)
    return bool(known) and all(_checksum(checksums.parent / name) == value for name, value in (known or {}).items())


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as stream:
        while block := stream.read(1024**2):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _read_all(checkpoint: Path) -> None:
    """Raises what the libraries raise where a file cannot be read."""
    load_file(checkpoint / "weights.safetensors")
    for name in TENSORS:
        torch.load(checkpoint / name, map_location="cpu", weights_only=True)
    _stored_state(checkpoint)["position"]


def _fresh(folder: Path) -> Path:
    """The path, with nothing there."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _best_step(checkpoint: Path) -> int | None:
    best_step: int | None = CHECKPOINT.upgrade(_stored_state(checkpoint))["position"]["best_step"]
    return best_step


def _stored_state(checkpoint: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
    return values


def _nothing_known_of(callback: Callback) -> StudioError:
    """A new callback that remembers something needs a step in `studio.migrations` that says how it begins."""
    return StudioError(
        _("The training cannot go on from its checkpoint."),
        _("The checkpoint says nothing about '{callback}', which is part of this training.", callback=callback.name),
        _("Resume the run with the version of the studio that it began with, or start it anew."),
    )


def changing_tensors(model: nn.Module, trained: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What trains at some time or other, and all buffers (statistics of batch normalisation), on the CPU."""
    buffers = {name: tensor.clone() for name, tensor in model.named_buffers()}
    return {name: tensor.detach().cpu().contiguous() for name, tensor in {**trained, **buffers}.items()}


def load_tensors(model: nn.Module, path: Path) -> None:
    """Copy the stored tensors into the parameters and buffers of the same names."""
    put({**dict(model.named_parameters()), **dict(model.named_buffers())}, load_file(path))


def _bytes_of(value: Any) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    if isinstance(value, dict):
        return sum(_bytes_of(part) for part in value.values())
    return sum(_bytes_of(part) for part in value) if isinstance(value, list | tuple) else 0
