"""A home with thousands of runs: the Runs page, the supervisor, and one event more on a long run.

python benchmarks/many_runs.py [--runs 2000] [--steps 300] [--points 300000] [--repeats 9]

The runs are made of events that nobody trained for: most are finished, every tenth was interrupted. `ms` is the
clock on the wall, `cpu ms` this process's processor time, which says more on a machine that others use, too.

- first draw: what a server does when the page is opened for the first time, before it has an index; the page of rows
  that the browser then asks for is counted as well, and `rows` says how many of the 20 are there at once. The rest of
  the index is made in the background meanwhile.
- first draw, indexed: the same by a server that finds the index of the last one.
- draw: every later time. found: the same, searched for a word, filtered, and sorted by size.
- tick: one pass of the supervisor, with one run at work and ten that wait.
- every log: what a list costs that folds the log of each run, as it was done before there was an index (once).
- one event: what the state of a run costs after one more step, at `--points` steps.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import gradio
from logs import CONFIG, NOW, abandoned, at_work, checked, make_run, planned, started, step, write, write_steps
from reporting import report

from studio.app import run_list
from studio.app.drafts import Draft
from studio.app.pages import Page, Services
from studio.app.server import make_services
from studio.app.states import States
from studio.app.tabs import runs as runs_tab
from studio.config import RunConfig
from studio.events import Finished
from studio.paths import Home
from studio.server_settings import ServerSettings
from studio.store import Store

FOUND = {"filter": "run", "chosen": {"status": "completed"}, "sort": "bytes"}
DRAFT = Draft(id="0" * 24, page="runs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--points", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=9)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Store(Home(Path(folder))), chosen.runs, chosen.steps)
        for _ in range(chosen.repeats):
            Home(Path(folder)).run_index.unlink(missing_ok=True)
            arms.setdefault("first draw", []).append(first_draw(folder))
        services, page = opened(folder)
        began = time.perf_counter()
        services.index.start()
        services.index.wait()
        print(f"the whole index, in the background: {time.perf_counter() - began:.1f} s", file=sys.stderr)
        arms["first draw, indexed"] = [first_draw(folder) for _ in range(chosen.repeats)]
        arms["draw"] = [measured(draw, services, page) for _ in range(chosen.repeats)]
        arms["found"] = [measured(draw, services, page, FOUND) for _ in range(chosen.repeats)]
        fill_queue(services)
        arms["tick"] = [measured(services.supervisor.start_waiting) for _ in range(chosen.repeats)]
        arms["one event"] = one_event(services.store, chosen.points, chosen.repeats)
        arms["every log"] = [measured(fold_all, services.store)]
    report(f"many_runs: {chosen.runs:,} runs of {chosen.steps:,} steps", arms, "draw", ["cpu ms"])


def opened(folder: str) -> tuple[Services, Page]:
    """A server's services and its Runs page, as after a start."""
    services = make_services(ServerSettings(home=folder, warm_start=False, open_browser=False))
    with gradio.Blocks():
        return services, runs_tab.build(services)


def first_draw(folder: str) -> dict[str, float]:
    services, page = opened(folder)
    cost = measured(draw, services, page)
    services.index.close()
    return cost


def draw(services: Services, page: Page, asked: Mapping[str, Any] | None = None) -> float:
    """The page, and the rows that its table then asks for. Returns how many of these are whole."""
    page.show(DRAFT)
    rows = run_list.run_page(services, {"start": 0, "count": run_list.ROWS, **(asked or {})})["rows"]
    assert len(rows) == run_list.ROWS
    return sum("metric" in row for row in rows)


def fold_all(store: Store) -> None:
    for run in store:
        run.state()


def measured(work: Callable[..., float | None], *arguments: Any) -> dict[str, float]:
    began, used = time.perf_counter(), time.process_time()
    rows = work(*arguments)
    cost = {"ms": (time.perf_counter() - began) * 1000, "cpu ms": (time.process_time() - used) * 1000}
    return cost if rows is None else {**cost, "rows": rows}


def make_runs(store: Store, count: int, steps: int) -> None:
    """Folders like those of real runs, with whole run files."""
    sample = make_run(store)
    config = RunConfig.from_text(CONFIG).to_text()
    write(sample, started(), planned(steps), *[step(number) for number in range(1, steps + 1)])
    write(sample, checked(steps, 0.8, best=True))
    interrupted = sample.events_file.read_bytes()
    write(sample, Finished(reason="completed", best_step=steps, seconds=9.0, time=NOW + 9000))
    finished = sample.events_file.read_bytes()
    sample.config_file.write_text(config, encoding="utf-8")
    for number in range(1, count):
        run = make_run(store, f"run {number}", config)
        run.events_file.write_bytes(interrupted if number % 10 == 0 else finished)
        abandoned(run)


def fill_queue(services: Services) -> None:
    """One run at work, so that the others have to wait."""
    write(at_work(make_run(services.store, "at work")), started(), planned())
    for number in range(10):
        make_run(services.store, f"waiting {number}").enqueue()
    services.supervisor.start_waiting()
    assert len(services.supervisor.queue()) == 10 and len(services.supervisor.active()) == 1


def one_event(store: Store, points: int, repeats: int) -> list[dict[str, float]]:
    run, states = write_steps(at_work(make_run(store)), points), States()

    def tick() -> None:
        states.of(run)

    tick()
    costs = []
    for number in range(repeats):
        write(run, step(points + number + 1))
        costs.append(measured(tick))
    assert len(states.of(run).train) == points + repeats
    return costs


if __name__ == "__main__":
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    main()
