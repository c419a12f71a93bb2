"""Every strategy on the same rows: accuracy, trained parameters, seconds and memory, over several seeds.

python benchmarks/strategies.py movie_sentiment.csv --to results.jsonl
python benchmarks/strategies.py ants_bees.zip --model FOLDER --to results.jsonl
python benchmarks/strategies.py --to results.jsonl                 the tables alone, of what is in the file

A table of texts gives 2,000 training, 400 validation and 1,600 test rows, drawn anew for each seed; a ZIP keeps its
own parts. Each strategy keeps its recommended learning rate and settings, and all get the same number of epochs (a
head alone five times as many, which cost next to nothing); the best step on the validation part counts. Results go
into a file, one line a run, and what is there already is not run again: the benchmark can be broken off at any time.
`seconds`: from the loaded libraries to the test result. `memory`: the worker's largest resident set.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pandas
import psutil
from reporting import machine

from studio.events import fold
from studio.paths import Home
from studio.store import Run, Store
from studio.strategies import STRATEGIES

ROWS = {"train": 2000, "validation": 400, "test": 1600}
EPOCHS = {"text-classification": 4, "image-classification": 12}
HEAD_EPOCHS = 5
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="a table of texts with the columns text and label, or a ZIP")
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--to", type=Path, required=True, help="the file of results")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of strategies")
    chosen = parser.parse_args()
    rows = [json.loads(line) for line in chosen.to.read_text().splitlines()] if chosen.to.is_file() else []
    if chosen.data:
        for row in measured(chosen, {(row["data"], row["strategy"], row["seed"]) for row in rows}):
            rows.append(row)
            with chosen.to.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), file=sys.stderr, flush=True)
    for data in dict.fromkeys(row["data"] for row in rows):
        print(table([row for row in rows if row["data"] == data], data))


def measured(chosen: argparse.Namespace, done: set[tuple[str, str, int]]) -> Iterator[Row]:
    names = chosen.only or STRATEGIES.names
    for seed in range(chosen.seeds):
        with tempfile.TemporaryDirectory() as folder:
            source = drawn(chosen.data, seed, Path(folder))
            for name in names:
                if (chosen.data.name, name, seed) not in done:
                    yield {"data": chosen.data.name, "strategy": name, "seed": seed, "machine": machine()} | one(
                        source, chosen.model, name, seed, Path(folder)
                    )


def drawn(data: Path, seed: int, folder: Path) -> Path:
    """The rows of this seed, with their parts in a column; a ZIP as it is."""
    if data.suffix == ".zip":
        return data.resolve()
    table = pandas.read_csv(data).sample(sum(ROWS.values()), random_state=seed)
    table["split"] = [part for part, count in ROWS.items() for _ in range(count)]
    table.to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def one(source: Path, model: str, name: str, seed: int, folder: Path) -> Row:
    task = "image-classification" if source.suffix == ".zip" else "text-classification"
    epochs = EPOCHS[task] * (HEAD_EPOCHS if name == "freeze" else 1)
    settings = {
        "task": task,
        "model": {"id": model},
        "data": {"source": str(source), "split": {"seed": seed}},
        "strategy": {"name": name},
        "training": {"epochs": epochs, "seed": seed, "evaluations_per_epoch": 1 if name == "freeze" else 2},
    }
    run = Store(Home(folder / "home")).create(json.dumps(settings), name)
    worker = psutil.Popen(
        [sys.executable, "-m", "studio.engine.worker", str(run.folder)],
        stdout=subprocess.DEVNULL,
        stderr=(run.folder / "worker.log").open("ab"),
    )
    memory = peak_memory(worker)
    return {**result(run), "megabytes": round(memory / 1024**2)}


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


def result(run: Run) -> Row:
    state = fold(run.read_from()[0])
    if state.status != "completed" or state.plan is None or state.test is None:
        return {"failed": state.status}
    return {
        "accuracy": state.test.metrics["accuracy"],
        "trainable": state.plan.trainable_parameters,
        "total": state.plan.total_parameters,
        "seconds": round(state.seconds, 1),
    }


def table(rows: list[Row], data: str) -> str:
    """Markdown: a line a strategy, the best first, with means over the seeds; what this model cannot be trained by is
    left out."""
    lines = [f"{data}", "", "| strategy | test accuracy | trained | seconds | MB |", "|---|---|---|---|---|"]
    good = [row for row in rows if "accuracy" in row]
    names = sorted({row["strategy"] for row in good}, key=lambda name: -mean(_of(good, name, "accuracy")))
    for name in names:
        accuracies = [100 * value for value in _of(good, name, "accuracy")]
        spread = f" ± {stdev(accuracies):.1f}" if len(accuracies) > 1 else ""
        share = mean(_of(good, name, "trainable")) / mean(_of(good, name, "total"))
        numbers = (mean(_of(good, name, key)) for key in ("seconds", "megabytes"))
        cells = (f"{mean(accuracies):.1f}{spread}", f"{share:.2%}", *(f"{number:,.0f}" for number in numbers))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _of(rows: list[Row], name: str, key: str) -> list[float]:
    return [row[key] for row in rows if row["strategy"] == name]


if __name__ == "__main__":
    main()
