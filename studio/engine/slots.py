"""Device slots: however many workers are started, and by whomever, only so many train at once."""

import os
import time
from pathlib import Path

from filelock import FileLock, Timeout

from studio.engine.reporting import Reporter

CONCURRENT_VARIABLE = "STUDIO_CONCURRENT_RUNS"
SECONDS_BETWEEN_TRIES = 0.3


def slots_here() -> int:
    """How many runs may train at once on this machine."""
    return max(1, int(os.environ.get(CONCURRENT_VARIABLE) or 1))


def acquire_slot(folder: Path, count: int, reporter: Reporter) -> FileLock:
    """Wait for one of `count` lock files in `folder`. The lock is held until it is released or the process ends.

    Raises Interrupted when asked to pause or stop while waiting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for index in range(count):
            lock = FileLock(folder / f"device-{index}.lock")
            try:
                lock.acquire(blocking=False)
                return lock
            except Timeout:
                continue  # taken; the next one may be free
        reporter.phase("waiting", "Waiting until the run before has ended.")
        time.sleep(SECONDS_BETWEEN_TRIES)
