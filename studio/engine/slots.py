"""Device slots: however many workers are started, and by whomever, only so many train at once."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from studio.engine.reporting import Reporter
from studio.hardware import nvidia_gpus

CONCURRENT_VARIABLE = "STUDIO_CONCURRENT_RUNS"
SECONDS_BETWEEN_TRIES = 0.3


def slots_here() -> int:
    """How many runs may train at once on this machine."""
    return max(1, int(os.environ.get(CONCURRENT_VARIABLE) or 1))


@dataclass(frozen=True)
class Slots:
    """Held until they are released or the process ends."""

    locks: tuple[FileLock, ...]

    def release(self) -> None:
        for lock in self.locks:
            lock.release()


def acquire_slots(folder: Path, count: int, needed: int, reporter: Reporter) -> Slots:
    """Wait for `needed` of `count` lock files in `folder`, and see none but their GPUs from now on.

    A run on several devices takes the first ones, in their order, so that two such runs never wait for each other.
    Raises Interrupted when asked to pause or stop while waiting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(max(count, needed))
    choices = [tuple(range(needed))] if needed > 1 else [(number,) for number in numbers]
    while True:
        for chosen in choices:
            if locks := _try(folder, chosen):
                if needed == 1:
                    bind_gpu(chosen[0])
                return Slots(locks)
        reporter.phase("waiting", "Waiting until the run before has ended.")
        time.sleep(SECONDS_BETWEEN_TRIES)


def _try(folder: Path, numbers: Sequence[int]) -> tuple[FileLock, ...]:
    """All of these locks, or none."""
    held: list[FileLock] = []
    for number in numbers:
        lock = FileLock(folder / f"device-{number}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            Slots(tuple(held)).release()
            return ()
        held.append(lock)
    return tuple(held)


def bind_gpu(slot: int) -> None:
    """Let this process see one GPU, its slot's: two runs at once train on two. Before torch looks for them."""
    there = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = (
        [name for name in there.split(",") if name]
        if there is not None
        else [str(n) for n in range(len(nvidia_gpus()))]
    )
    if len(names) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = names[slot % len(names)]
