"""Device slots: however many workers are started, and by whomever, only so many train at once, each on its own GPU."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from studio.engine.reporting import Reporter
from studio.hardware import nvidia_gpus
from studio.language import _

CONCURRENT_VARIABLE = "STUDIO_CONCURRENT_RUNS"
GPUS_VARIABLE = "CUDA_VISIBLE_DEVICES"
SECONDS_BETWEEN_TRIES = 0.3


def slots_here() -> int:
    """How many runs may train at once on this machine."""
    return max(1, int(os.environ.get(CONCURRENT_VARIABLE) or 1))


@dataclass(frozen=True)
class Slots:
    """Held until they are released or the process ends. numbers: from 0."""

    numbers: tuple[int, ...]
    locks: tuple[FileLock, ...]

    def release(self) -> None:
        for lock in self.locks:
            lock.release()


def acquire_slots(folder: Path, count: int, needed: int, reporter: Reporter) -> Slots:
    """Wait for `needed` of the `count` lock files in `folder`, and hold them. A run that needs more devices than runs
    may train at once has as many slots to choose from as it needs.

    Raises Interrupted when asked to pause or stop while waiting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gpus = len(visible_gpus())
    gpus = gpus if needed <= gpus else 0  # more than there are share the CPUs
    while True:
        with FileLock(folder / "choosing.lock"):  # so that two runs never hold half of what they need, and wait
            slots = _free(folder, max(count, needed), needed, gpus)
        if len(slots.numbers) == needed:
            return slots
        slots.release()
        reporter.phase("waiting", _("Waiting until the run before has ended."))
        time.sleep(SECONDS_BETWEEN_TRIES)


def _free(folder: Path, count: int, needed: int, gpus: int) -> Slots:
    """The first `needed` free slots, or fewer; no two of them stand for the same of the GPUs."""
    numbers: list[int] = []
    locks: list[FileLock] = []
    for number in range(count):
        if len(numbers) == needed or (gpus and any(number % gpus == other % gpus for other in numbers)):
            continue
        lock = FileLock(folder / f"device-{number}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        numbers.append(number)
        locks.append(lock)
    return Slots(tuple(numbers), tuple(locks))


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get(GPUS_VARIABLE)
    if named is None:
        return [str(number) for number in range(len(nvidia_gpus()))]
    return [name for name in named.split(",") if name]


def bind_gpus(slots: Sequence[int]) -> None:
    """Let this process and those it starts see the GPUs of its slots alone: two runs at once train on two of them.

    To be called before torch looks for GPUs.
    """
    names = visible_gpus()
    if len(names) > 1:
        os.environ[GPUS_VARIABLE] = ",".join(dict.fromkeys(names[slot % len(names)] for slot in slots))
