"""A worker that waits in the middle of its training: `python -m held_worker RUN_DIR STEPS`.

After so many steps of the run it writes RUN_DIR/held, and goes on when that file is gone: so that a test can pause or
kill it there, however fast the machine is.
"""

import os
import sys
import time
from functools import partial
from pathlib import Path

from forked import ADDRESS, command_at

from studio.engine import followers, worker
from studio.engine.loop import Loop


def main(run_dir: Path, steps: int) -> int:
    step, held = Loop._step, run_dir / "held"

    def hold(self: Loop, rows: list[int]) -> object:
        if self.state.step == steps:
            held.touch()
            while held.exists():
                time.sleep(0.005)
        return step(self, rows)

    Loop._step = hold  # type: ignore[method-assign, assignment]
    if address := os.environ.get(ADDRESS):  # the other processes of a run on several devices begin quickly, too
        followers.python = partial(command_at, address)  # type: ignore[assignment]
    return worker.main(run_dir)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
