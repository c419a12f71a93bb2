"""What the Strategy page shows of the measurements: results/strategies.jsonl -> assets/measured/strategies.json

python benchmarks/strategy_summary.py movie_sentiment.csv=starter/text ants_bees.zip=FOLDER

Run in the repository's root, after benchmarks/strategies.py, with the model of each data set. From the seconds of the
runs on a CPU comes the pace of each strategy: how many times as long as the forecast of one core says its steps take,
divided by the same of full fine-tuning, so that the speed of the machine does not count.
"""

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from strategies import HEAD_EPOCHS, PASSES
from strategy_report import REFERENCE, lines
from strategy_rows import TEXTS

from studio.config import RunConfig
from studio.forecast import forecast, image_side
from studio.hardware import Machine, probe
from studio.model_reader import read_architecture
from studio.models.estimates import Estimate
from studio.models.local import describe_folder
from studio.models.sources import fetch
from studio.paths import Home
from studio.strategies import STRATEGIES
from studio.strategies.measured import pace
from studio.tasks import TASKS

RESULTS, SUMMARY = Path("benchmarks/results/strategies.jsonl"), Path("assets/measured/strategies.json")
SETTLED = 0.2  # of the seconds have to be steps, so that their pace can be told
ABOUT: dict[str, dict[str, Any]] = {  # what a line of the results does not say; names are those of data and model
    "movie_sentiment.csv": {
        "task": "text-classification",
        "reads": "text",
        "data": "Movie sentiment (Pang & Lee 2005)",
        "model": "all-MiniLM-L6-v2",
        "examples": TEXTS["train"],
        "date": "2026-11-27",
    },
    "ants_bees.zip": {
        "task": "image-classification",
        "reads": "image",
        "data": "Ants and bees (PyTorch tutorial)",
        "model": "MobileNetV2",
        "examples": 204,
        "date": "2026-11-27",
    },
}
COUNTS = {"text": TEXTS, "image": {"train": 204, "validation": 40, "test": 153}}
WORK: dict[str, dict[str, Any]] = {"text": {"length": 27.0, "batch": "auto"}, "image": {"length": 0.0, "batch": 8}}
Row = dict[str, Any]


def main() -> None:
    models = dict(argument.split("=", 1) for argument in sys.argv[1:])
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    tables = [
        about | measured([row for row in rows if row["data"] == data], about, models[data])
        for data, about in ABOUT.items()
    ]
    SUMMARY.parent.mkdir(exist_ok=True)
    SUMMARY.write_text(json.dumps({"tables": tables}, indent=1) + "\n")


def measured(rows: list[Row], about: Row, model: str) -> Row:
    """Means over the seeds, all as shares of one: accuracy on the test split, its standard error, what trains."""
    found = [line for line in lines(rows) if line.name in STRATEGIES and not math.isnan(line.error)]
    times = {line.name: line.costs["cpu"][0] for line in found if "cpu" in line.costs}
    paces = paces_of(times, forecasts(list(times), about, model))
    return {
        "metric": "accuracy",
        "seeds": min(line.runs for line in found),
        "methods": {
            line.name: {
                "score": round(line.accuracy / 100, 4),
                "error": round(line.error / 100, 4),
                "share": round(line.share, 6),
                "pace": round(paces.get(line.name, 1.0), 2),
            }
            for line in found
        },
    }


def paces_of(seconds: dict[str, float], plans: dict[str, Estimate]) -> dict[str, float]:
    """1 for a strategy whose time is mostly what comes before and after its steps."""
    machine = seconds[REFERENCE] / plans[REFERENCE].seconds

    def one(name: str) -> float:
        plan = plans[name]
        steps = seconds[name] / machine - plan.fixed_seconds
        return steps / plan.training_seconds if plan.training_seconds > SETTLED * plan.seconds else 1.0

    return {name: max(0.5, one(name)) for name in seconds}


def forecasts(names: list[str], about: Row, model: str) -> dict[str, Estimate]:
    """By arithmetic alone, for one core."""
    task, folder = TASKS[about["task"]], fetch(model, None, lambda done, total: None)
    info, home = describe_folder(folder, model), Home(Path(tempfile.mkdtemp()))
    architecture = read_architecture(info, task, task.Options(), home).with_labels(2)
    machine, work = Machine(1, probe().memory_bytes, ()), WORK[about["reads"]]

    def plan(name: str) -> Estimate:
        epochs, checks = PASSES[task.name]
        training = {"epochs": epochs, "evaluations_per_epoch": checks, "batch_size": work["batch"]}
        if name == "freeze":
            training |= {"epochs": HEAD_EPOCHS * epochs, "evaluations_per_epoch": 1}
        config = RunConfig.read(
            {"task": task.name, "model": {"id": model}, "data": {"source": "rows"}}
            | {"strategy": {"name": name}, "training": training}
        )
        length = work["length"] or image_side(info)
        known = forecast(
            config, architecture.structure, architecture.config, COUNTS[about["reads"]], length, machine, home
        )
        past = pace(name, about["reads"])  # that of an earlier measurement is in it already
        return Estimate(known.fixed_seconds, known.training_seconds / past, 0, 0, rough=False)

    return {name: plan(name) for name in names}


if __name__ == "__main__":
    main()
