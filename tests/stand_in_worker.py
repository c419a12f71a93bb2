"""A worker without torch: writes the same events, obeys the same commands, and ends when it is released.

python stand_in_worker.py RUN_DIR: runs until RUN_DIR/release exists, or Pause or Stop. RUN_DIR/die makes it die
at once, without an event.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from logs import planned, step

from studio.events import Finished, Paused, Started
from studio.processes import Identity
from studio.store import Run


def main(run: Run) -> int:
    if (run.folder / "die").exists():
        return 9
    run.set_worker(Identity.of())
    with (run.folder / "lives").open("a") as lives:
        lives.write("x")
    run.append(Started(device="cpu", precision="fp32", threads=1))
    run.append(planned(1000))
    number = 0
    while not (run.folder / "release").exists():
        number += 1
        run.append(step(number).model_copy(update={"time": time.time()}))
        if run.pending_command == "pause":
            run.append(Paused(step=number))
            break
        if run.pending_command == "stop":
            run.append(Finished(reason="stopped", best_step=number, seconds=1.0))
            break
        time.sleep(0.02)
    else:
        run.append(Finished(reason="completed", best_step=number, seconds=1.0))
    run.clear_command()
    return 0


if __name__ == "__main__":
    sys.exit(main(Run(Path(sys.argv[1]))))
