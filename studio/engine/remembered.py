"""What a run measured of a model on this machine, remembered for the next run that would measure the same."""

from collections.abc import Mapping

import torch
from torch import nn

from studio.engine.fingerprint import digest, settings_below, versions_of_libraries
from studio.engine.forward import Forward
from studio.files import read_cache, replace_cache
from studio.hardware import probe
from studio.paths import Home


class Remembered:
    """Facts about training steps of one model with examples of one shape. They are found again when they are lost."""

    def __init__(self, home: Home, forward: Forward, rows: list[int], settings: Mapping[str, object]) -> None:
        """rows: that a step is tried with. settings: under which it is."""
        machine, tensors = probe(), forward.load("train", rows).tensors
        facts = {
            "libraries": versions_of_libraries(),
            "machine": [
                machine.cores,
                machine.memory_bytes,
                [gpu.name for gpu in machine.gpus],
                torch.get_num_threads(),
            ],
            "device": forward.device.type,
            "task": forward.task.name,
            "config": settings_below(forward.prepared.tools.config.to_dict()),
            "parameters": _parameters(forward.model),
            "batch": {name: _shape(value) for name, value in tensors.items()},
            "settings": settings,
        }
        self._file = home.cache / "trials" / f"trials-{digest(facts)}.json"

    def numbers(self, name: str) -> dict[str, float]:
        """What was kept under this name; empty where nothing was."""
        return read_cache(self._file, lambda said: {key: float(each) for key, each in said[name].items()}) or {}

    def keep(self, name: str, numbers: dict[str, float]) -> None:
        replace_cache(self._file, {**(read_cache(self._file, dict) or {}), name: numbers})


def _parameters(model: nn.Module) -> str:
    return digest([[name, list(p.shape), str(p.dtype), p.requires_grad] for name, p in model.named_parameters()])


def _shape(value: object) -> object:
    return list(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
