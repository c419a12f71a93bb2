"""Communication between the processes that train one run together; with a single process, none.

Each process computes its share of every batch on a device of its own and holds the whole model. Gradients are summed
once a step, over all processes, instead of by DistributedDataParallel while they are computed: losses are sums over
units, so the sum is all that is wanted, and DDP's rules would bind everything else (the same forward calls in every
process, none of them from the middle of the model as replayed activations want it, no layer that begins to train later
without looking for unused ones in every step). What it costs is that sending does not overlap with computing.

FSDP and DeepSpeed, which cut the model itself into shares, are not supported: every forward pass would have to be made
by all processes at once (here each scores its own share of the rows), and what reads or writes weights (checkpoints,
averages of weights, recorded activations) would have to gather them first. Accelerate has FSDP on accelerators alone,
never on CPUs with gloo.

Process 0 (rank 0) holds the run's lock, writes its log and its files, and hears Pause and Stop for all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import patch_environment
from torch import distributed

T = TypeVar("T")
PATIENCE = timedelta(
    days=7
)  # process 0 may wait for a device, or save for long; a process that died is noticed at once


def world() -> int:
    """How many processes train the run."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def is_main() -> bool:
    return rank() == 0


def join(cpu: bool, environment: Mapping[str, str]) -> None:
    """Meet the other processes, which WORLD_SIZE, RANK and the like of the environment name. Waits for all of them."""
    with patch_environment(**environment):
        PartialState(cpu=cpu, timeout=PATIENCE)


def wait() -> None:
    """Until every process has got here."""
    if world() > 1:
        distributed.barrier()


def leave() -> None:
    """Leave the group, once every process has got here."""
    if world() > 1:
        wait()
        PartialState().destroy_process_group()


def agreed(value: T) -> T:
    """The value that process 0 has, in all of them."""
    if world() == 1:
        return value
    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]


def gathered(values: list[T]) -> list[T]:
    """The values of all processes, one process after the other, in all of them."""
    if world() == 1:
        return values
    found: list[list[T]] = [[] for _ in range(world())]
    distributed.all_gather_object(found, values)
    return [value for some in found for value in some]


def share(rows: Sequence[T]) -> list[T]:
    """This process's rows, or batches: every `world()`-th of them."""
    return list(rows[rank() :: world()])


def summed(*values: float, device: torch.device) -> list[float]:
    """Each value, added up over all processes."""
    if world() == 1:
        return list(values)
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(tensor)
    return tensor.tolist()


def sum_gradients(parameters: Collection[torch.Tensor], device: torch.device) -> None:
    """Every parameter's gradient, added up over all processes; None stays where no process has one."""
    if world() == 1:
        return
    has = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.int32, device=device)
    distributed.all_reduce(has)
    gradients = []
    for parameter, count in zip(parameters, has.tolist(), strict=True):
        if count:
            parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            gradients.append(parameter.grad)
    _together(distributed.all_reduce(gradient, async_op=True) for gradient in gradients)


def average(tensors: Collection[torch.Tensor]) -> None:
    """Each tensor's mean over all processes, in its place."""
    if world() > 1:
        _together(distributed.all_reduce(tensor, async_op=True) for tensor in tensors)
        for tensor in tensors:
            tensor /= world()


def copy_from_main(tensors: Iterable[torch.Tensor]) -> None:
    """Put what process 0 has into the tensors of all."""
    if world() > 1:
        with torch.no_grad():
            _together(distributed.broadcast(tensor, src=0, async_op=True) for tensor in tensors)


def _together(sent: Iterable[distributed.Work | None]) -> None:
    for work in list(sent):
        assert work is not None  # as it only is where nothing is sent asynchronously
        work.wait()
