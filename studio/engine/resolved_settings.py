"""Settings that a run resolves at its first start and keeps, so that a resumed run computes the same bits."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from studio.engine.precision import Precision
from studio.files import read_as, replace_json
from studio.hardware import probe
from studio.migrations import RESOLVED

FILE = "settled.json"


@dataclass(frozen=True)
class ResolvedSettings:
    """precision and batch_size are None until they have been found out."""

    device: str
    threads: int
    precision: Precision | None = None
    batch_size: int | None = None
    batch_trials: dict[str, int | None] = field(default_factory=dict)  # bytes that each size took, None: too many
    learning_rate: float | None = None  # where it was found by trial
    cached: dict[str, bool] = field(default_factory=dict)  # by stage: whether activations of frozen layers are replayed

    @classmethod
    def read(cls, run_folder: Path) -> "ResolvedSettings | None":
        return read_as(run_folder / FILE, lambda values: cls(**RESOLVED.upgrade(values)))

    def write(self, run_folder: Path) -> None:
        replace_json(run_folder / FILE, RESOLVED.stamp(asdict(self)))


def default_threads() -> int:
    """As many as torch would take, but no more than this process may use."""
    return max(1, min(torch.get_num_threads(), probe().cores))
