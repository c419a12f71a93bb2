"""A worker that waits in the middle of its training: `python -m held_worker RUN_DIR STEPS`.

After so many steps of the run it writes RUN_DIR/held, and goes on when that file is gone: so that a test can pause or
kill it there, however fast the machine is.
"""

import sys
import time
from pathlib import Path

from studio.engine import worker
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
    return worker.main(run_dir)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
