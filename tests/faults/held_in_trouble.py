"""A worker that waits in the middle of its training, and may find a full disk: `RUN_DIR STEPS room|full`.

No file may grow beyond a few kB where the disk is full: checkpoints do not fit, the log does.
"""

import resource
import signal
import sys
from pathlib import Path

import held_worker

LARGEST_FILE = 60_000  # bytes


def main(run_dir: Path, steps: int, disk: str) -> int:
    if disk == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, resource.RLIM_INFINITY))
    return held_worker.main(run_dir, steps)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
