"""Every strategy on the same rows: accuracy, trained parameters, seconds and memory, over several seeds.

python benchmarks/strategies.py movie_sentiment.csv --to results.jsonl
python benchmarks/strategies.py ants_bees.zip --model FOLDER --to results.jsonl --device cuda --jobs 8
python benchmarks/strategies.py --to results.jsonl --plot FOLDER       the tables of what is in the file, and figures

A table of texts gives 2,000 training, 400 validation and 1,600 test rows, drawn anew for each seed; a ZIP of train/
and val/ keeps val/ as its test split. Each strategy keeps its recommended learning rate and settings, and all get the
same number of epochs (a head alone five times as many, which cost next to nothing); the best step on the validation
split counts. LoRA also runs with smaller ranks, lora-r4 and lora-r2. Two arms are no strategy: `suggested` is what the
studio proposes for these rows, this model and this machine, and `default` what a training script does of itself (the
Trainer's defaults: everything, 3 epochs, AdamW with 5e-5 falling linearly, batches of 8, no weight decay).

Results go into a file, one line a run as it ends, and what is there already is not run again: the benchmark can be
broken off at any time. `seconds`: from the loaded libraries to the test result; with --jobs the runs slow each other
down, so compare them among runs of one call alone. `megabytes`: the most that the worker held, on a GPU of its memory,
elsewhere its resident set. Needs neither gradio nor plotly.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from reporting import machine
from strategy_report import plot, table
from strategy_rows import Rows, drawn

from studio.config import RunConfig
from studio.events import AnyEvent, Step, fold
from studio.forecast import forecast, image_side
from studio.hardware import probe
from studio.model_reader import read_architecture
from studio.models.estimates import fits
from studio.models.local import describe_folder
from studio.models.sources import fetch
from studio.paths import Home
from studio.store import Run, Store
from studio.strategies import STRATEGIES
from studio.suggestion import Outcome, Settings, Suggestion, suggest
from studio.tasks import TASKS

PASSES = {"text-classification": (4, 2), "image-classification": (6, 1)}  # epochs, and checks in each
HEAD_EPOCHS = 5
DEFAULT: Settings = {
    "strategy": {"name": "full"},
    "training": {
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 5e-5,
        "optimizer": "adamw",
        "schedule": "linear",
        "warmup": 0,
        "weight_decay": 0,
    },
}
Row = dict[str, Any]
VARIANTS: dict[str, Row] = {"lora-r4": {"name": "lora", "r": 4}, "lora-r2": {"name": "lora", "r": 2}}
ARMS = (*STRATEGIES.names, *VARIANTS, "suggested", "default")


@dataclass(frozen=True)
class Choices:
    """What every run of a call shares. jobs: how many run side by side."""

    model: str
    device: str
    jobs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a table of texts with the columns text and label, or a ZIP")
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--to", type=Path, required=True, help="the file of results")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=ARMS, metavar="ARM", help="strategies, suggested, default")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps", "xpu"))
    parser.add_argument("--jobs", type=int, default=1, help="how many runs at a time")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="where to put a figure (SVG) for each data set")
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in chosen.to.read_text().splitlines()] if chosen.to.is_file() else []
    if chosen.data:
        choices = Choices(chosen.model, chosen.device, chosen.jobs)
        done = {(row["data"], row["strategy"], row["seed"]) for row in rows}
        for row in measured(chosen.data, chosen.only or ARMS, chosen.seeds, choices, done):
            rows.append(row)
            with chosen.to.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), file=sys.stderr, flush=True)
    for data in dict.fromkeys(row["data"] for row in rows):
        of_data = [row for row in rows if row["data"] == data]
        print(table(of_data, data))
        if chosen.plot:
            chosen.plot.mkdir(parents=True, exist_ok=True)
            (chosen.plot / f"{Path(data).stem}.svg").write_text(plot(of_data, data))


def measured(
    data: Path, arms: tuple[str, ...], seeds: int, choices: Choices, done: set[tuple[str, str, int]]
) -> Iterator[Row]:
    """One row a run, as they end; those of the first seed are begun first."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(choices.jobs) as pool:
        folder = Path(name)
        waiting = [(arm, seed) for seed in range(seeds) for arm in arms if (data.name, arm, seed) not in done]
        rows = {seed: drawn(data, seed, folder) for seed in {seed for _, seed in waiting}}
        ahead = {pool.submit(one, rows[seed], arm, seed, choices, folder): (arm, seed) for arm, seed in waiting}
        for future in as_completed(ahead):
            arm, seed = ahead[future]
            about = {"data": data.name, "strategy": arm, "seed": seed, "machine": machine(), "jobs": choices.jobs}
            yield about | future.result()


def one(rows: Rows, arm: str, seed: int, choices: Choices, folder: Path) -> Row:
    home = Home(folder / f"{arm}-{seed}")
    settings = settings_of(arm, rows, choices, home)
    training = {"seed": seed, "device": choices.device, **settings["training"]}
    values = about(rows, choices, seed) | {"strategy": settings["strategy"], "training": training}
    run = Store(home).create(json.dumps(values), arm)
    cores = max(1, probe().cores // choices.jobs)
    worker = psutil.Popen(
        [sys.executable, "-m", "studio.engine.worker", str(run.folder)],
        stdout=subprocess.DEVNULL,
        stderr=(run.folder / "worker.log").open("ab"),
        env={**os.environ, "OMP_NUM_THREADS": str(cores)},
    )
    memory = peak_memory(worker)
    return result(run, memory) | ({"settings": settings} if arm == "suggested" else {})


def about(rows: Rows, choices: Choices, seed: int) -> Row:
    data = {"source": str(rows.source), "split": {"seed": seed}}
    return {"task": rows.task, "model": {"id": choices.model}, "data": data}


def settings_of(arm: str, rows: Rows, choices: Choices, home: Home) -> Settings:
    if arm == "default":
        return DEFAULT
    if arm == "suggested":
        return suggestion(rows, choices, home).settings
    head = arm == "freeze"
    epochs, checks = (HEAD_EPOCHS * PASSES[rows.task][0], 1) if head else PASSES[rows.task]
    training = {"epochs": epochs, "evaluations_per_epoch": checks}
    return {"strategy": VARIANTS.get(arm, {"name": arm}), "training": training}


def suggestion(rows: Rows, choices: Choices, home: Home) -> Suggestion:
    """What the Strategy page proposes, by the same rules and the same look ahead."""
    task, folder = TASKS[rows.task], fetch(choices.model, None, lambda done, total: None)
    info = describe_folder(folder, choices.model)
    architecture = read_architecture(info, task, task.Options(), home).with_labels(len(rows.classes))
    structure = architecture.structure
    here = probe()

    def estimate_of(settings: Settings) -> Outcome:
        config = RunConfig.read({**about(rows, choices, 0), **settings})
        length = rows.length or image_side(info)
        needed = forecast(config, structure, architecture.config, rows.counts, length, here, home)
        return Outcome(needed.seconds, fits(needed, here).verdict != "no")

    return suggest(structure, rows.counts["train"], rows.classes, estimate_of)


def peak_memory(worker: psutil.Popen) -> int:
    """Bytes; waits for the worker's end."""
    peak = 0
    while worker.poll() is None:
        try:
            peak = max(peak, worker.memory_info().rss)
            worker.wait(0.2)
        except (psutil.TimeoutExpired, psutil.NoSuchProcess):
            continue
    return peak


def result(run: Run, resident: int) -> Row:
    events = run.read_from()[0]
    state = fold(events)
    if state.failure:
        return {"failed": state.failure.why}
    if state.status != "completed" or state.plan is None or state.test is None or state.hardware is None:
        return {"failed": state.status}
    on_gpu = state.hardware.device.startswith("cuda")
    return {
        "accuracy": state.test.metrics["accuracy"],
        "trainable": state.plan.trainable_parameters,
        "total": state.plan.total_parameters,
        "steps": state.step,
        "seconds": round(state.seconds, 1),
        "megabytes": round((gpu_memory(events) if on_gpu else resident) / 1024**2),
        "device": state.hardware.device,
        "precision": state.plan.precision,
    }


def gpu_memory(events: list[AnyEvent]) -> int:
    return max((event.memory_bytes for event in events if isinstance(event, Step)), default=0)


if __name__ == "__main__":
    main()
