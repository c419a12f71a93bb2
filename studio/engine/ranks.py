"""Several processes that train one run together, started by `accelerate launch` (one a device).

Each takes its share of every batch; gradients and scores are brought together by Accelerate. Process 0 (rank 0)
holds the run's lock, writes its log and its files, and hears Pause and Stop for all of them. With a single
process nothing of this happens.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

T = TypeVar("T")


def rank() -> int:
    """Which of the processes this is, from 0."""
    return int(os.environ.get("RANK", "0"))


def world() -> int:
    """How many processes train the run."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    return rank() == 0


def join(cpu: bool) -> None:
    """Meet the other processes. To be called before anything else here."""
    if world() > 1:
        PartialState(cpu=cpu)


def wait() -> None:
    """Until every process is here."""
    if world() > 1:
        PartialState().wait_for_everyone()


def leave() -> None:
    """After the last common step."""
    if world() > 1:
        wait()
        PartialState().destroy_process_group()


def agreed(value: T) -> T:
    """The value that process 0 has, in all of them."""
    if world() == 1:
        return value
    (common,) = broadcast_object_list([value], from_process=0)
    return common


def gathered(values: list[T]) -> list[T]:
    """The values of all processes, one after the other, in all of them."""
    return list(gather_object(values)) if world() > 1 else values


def summed(*values: float, device: torch.device) -> list[float]:
    """Each value, added up over all processes."""
    if world() == 1:
        return list(values)
    tensor = torch.tensor(values, dtype=torch.float64, device="cpu" if device.type == "cpu" else device)
    torch.distributed.all_reduce(tensor)
    return [float(value) for value in tensor]


def share(rows: Sequence[T]) -> list[T]:
    """This process's part of them, one in `world()`."""
    return list(rows[rank() :: world()])
