"""A worker that waits in the middle of its training, and may find a full disk: `RUN_DIR STEPS room|full`.

Where the disk is full, no file has room for more than a few kB: checkpoints do not fit, the log does. What Python
writes is told so as by a full disk (ENOSPC), after the part that still fits; what libraries write by themselves, which
only the system can refuse, as by a bound on files (EFBIG).
"""

import builtins
import errno
import io
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import held_worker
from safetensors.torch import save

from studio.engine import checkpoint

LARGEST_FILE = 60_000  # bytes


class FullDisk(io.FileIO):
    def write(self, data: Any, /) -> int:
        with memoryview(data).cast("B") as all_of_it:
            fits = all_of_it[: max(0, LARGEST_FILE - self.tell())]
            if all_of_it and not fits:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.name)
            return super().write(fits)


def fill_the_disk() -> None:
    """For this process, which writes through `open` alone."""
    usual = io.open

    def open_on_it(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, *more: Any, **named: Any
    ) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax"):
            return usual(file, mode, buffering, encoding, *more, **named)
        raw = FullDisk(file, mode.replace("b", "").replace("t", ""))
        buffered = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding or "utf-8")

    checkpoint.save_file = lambda tensors, path: Path(path).write_bytes(save(tensors))  # else it writes by itself
    builtins.open = io.open = open_on_it  # type: ignore[assignment]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, resource.RLIM_INFINITY))


def main(run_dir: Path, steps: int, disk: str) -> int:
    if disk == "full":
        fill_the_disk()
    return held_worker.main(run_dir, steps)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
