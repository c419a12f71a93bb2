"""Seconds of training a head on data whose frozen layers nobody has computed yet, and once more on the same data.

python benchmarks/head_again.py reviews.csv [--rows 500] [--model starter/text] [--repeat 3]
python benchmarks/head_again.py images.zip --model starter/image

Each repetition has a home of its own. A run is queued as the page does it, and counts from there to its last event:
warm by the fork server, whose imports are done, and cold. Columns are what it was at, by the phases of its log.
"""

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from reporting import report
from submit_to_first_step import wait_for_imports

from studio.forked import ForkServer
from studio.paths import Home
from studio.runner import Supervisor
from studio.store import Run, Store

PHASES = ("reading", "loading", "preparing", "measuring", "caching", "training", "evaluating", "saving")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--rows", type=int, default=500, help="of a table, all splits together")
    parser.add_argument("--settings", default="", help="more of `training`, as YAML: 'epochs: 3, batch_size: 16'")
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {}
    for _unused in range(chosen.repeat):
        for start in ("warm", "cold"):
            with tempfile.TemporaryDirectory() as folder:
                for turn in ("first", "again"):
                    arms.setdefault(f"{start}, {turn}", []).append(train(Home(Path(folder)), chosen, start == "warm"))
    report(f"head_again: {chosen.data.name}, {chosen.model}", arms, "warm, again", ["seconds"])


def train(home: Home, chosen: argparse.Namespace, warm: bool) -> dict[str, float]:
    store = Store(home)
    supervisor, forks = Supervisor(store, 1, {"STUDIO_HOME": str(home.root)}), ForkServer(warm)
    supervisor.start()
    forks.start()
    if warm:
        time.sleep(1.0)
        wait_for_imports(forks)
    run = store.create(config_of(chosen), "benchmark")
    queued = time.time()
    supervisor.enqueue(run)
    try:
        while (status := run.state().status) != "completed":
            if status in ("failed", "interrupted"):
                raise SystemExit(f"the run is {status}: {run.worker_log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.02)
    finally:
        supervisor.close()
        forks.close()
    return spent(run, queued)


def config_of(chosen: argparse.Namespace) -> str:
    is_table = chosen.data.suffix != ".zip"
    return (
        f"task: {'text' if is_table else 'image'}-classification\nmodel: {{id: {chosen.model}}}\n"
        f"data: {{source: '{chosen.data.resolve()}'{f', limit: {chosen.rows}' if is_table else ''}}}\n"
        f"strategy: {{name: freeze, last_blocks: 0}}\ntraining: {{{chosen.settings}}}\n"
    )


def spent(run: Run, queued: float) -> dict[str, float]:
    """Seconds by phase; what comes before the first one is the start of the process, with its imports."""
    events = run.read_from()[0]
    ended = next(event.time for event in events if event.type == "finished")
    marks = [(queued, "starting"), *((event.time, event.name) for event in events if event.type == "phase")]
    seconds = dict.fromkeys(("seconds", "starting", *PHASES), 0.0)
    seconds["seconds"] = ended - queued
    for (begin, name), (end, _unused) in pairwise([*marks, (ended, "")]):
        seconds[name] = seconds.get(name, 0.0) + end - begin
    return seconds


if __name__ == "__main__":
    main()
