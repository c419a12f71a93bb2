"""Seconds from Start to the first optimizer step: the fork server beside a worker with its imports before it.

python benchmarks/submit_to_first_step.py DATA.csv [--model starter/text] [--repeat 3]

The run is queued as the page does it; the fork server, where there is one, has its imports behind it by then, as after
a visit of the Data step. The first progress event that the log holds counts.
"""

import argparse
import tempfile
import time
from pathlib import Path

from reporting import report

from studio.forked import ForkServer
from studio.paths import Home
from studio.runner import Supervisor
from studio.store import Run, Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {"warm": [], "cold": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        for number in range(-1, chosen.repeat):  # the first of each only warms the disk
            for name in arms:
                numbers = submit(home, chosen, warm=name == "warm")
                if number >= 0:
                    arms[name].append(numbers)
    report("submit_to_first_step", arms, "warm", ["first word", "first step"])


def submit(home: Home, chosen: argparse.Namespace, warm: bool) -> dict[str, float]:
    store = Store(home)
    supervisor, forks = Supervisor(store, 1, {"STUDIO_HOME": str(home.root)}), ForkServer(warm)
    supervisor.start()
    forks.start()
    if warm:
        time.sleep(1.0)
        wait_for_imports(forks)
    config = (
        f"task: text-classification\nmodel: {{id: {chosen.model}}}\n"
        f"data: {{source: '{chosen.data.resolve()}', limit: 400}}\n"
        "training: {epochs: 1, batch_size: 32, precision: fp32}\n"
    )
    run = store.create(config, "benchmark")
    before = time.time()
    supervisor.enqueue(run)
    try:
        while not (state := run.state()).train:
            if state.status in ("failed", "interrupted"):
                raise SystemExit(f"the run is {state.status}: {state.failure}")
            time.sleep(0.02)
        first = run.read_from()[0]
        step = next(event for event in first if event.type == "step")
        return {"first word": first[0].time - before, "first step": step.time - before}
    finally:
        end(run)
        supervisor.close()
        forks.close()


def wait_for_imports(forks: ForkServer) -> None:
    """Until the fork server does nothing any more: it has imported everything, and waits to be asked."""
    import psutil

    if not forks.process:
        raise SystemExit("this platform has no warm start")
    process = psutil.Process(forks.process.pid)
    quiet, last = 0, -1.0
    while quiet < 4:
        used = sum(process.cpu_times()[:2])
        quiet, last = (quiet + 1 if used == last else 0), used
        time.sleep(0.5)


def end(run: Run) -> None:
    """Let go of the run; only its beginning was measured."""
    worker = run.worker
    process = worker.process() if worker else None
    if process:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    main()
