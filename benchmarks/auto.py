"""What `studio auto` reaches within some minutes, beside the suggestion and an expert's plain recipe.

python benchmarks/auto.py reviews.csv --train 400 --validation 100 --test 1000
python benchmarks/auto.py banking.csv --a-class 5 --test-file banking_test.csv
python benchmarks/auto.py images.zip --model starter/photo

The expert's recipe is full fine-tuning with AdamW at 1e-4, 4 epochs, a tenth of them warm-up, then linear decay,
batches of 32, and the best check kept. One run of each for each seed, which draws the rows, the splits and the new
head; all of a seed share a home, so what the frozen layers say is computed once for them, in the order suggested,
expert, auto.
`--a-class` draws so many training rows of each class, two for validation, and 1,000 rows of the test file.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas
from head_again import trained
from reporting import report

from studio.commands.auto import subject
from studio.commands.checking import read_source
from studio.commands.output import Progress
from studio.config import RunConfig
from studio.hardware import probe
from studio.paths import Home
from studio.store import Run
from studio.sweeps.auto import auto_text
from studio.sweeps.candidates import SUGGESTED, plan
from studio.sweeps.choosing import best_of
from studio.sweeps.driver import start_driver
from studio.sweeps.folder import Sweeps

TESTED, VALIDATED = 1000, 2  # rows of a test file, and of a class
EXPERT = {
    "strategy": {"name": "full"},
    "training": {"epochs": 4, "learning_rate": 1e-4, "batch_size": 32, "warmup": 0.1, "schedule": "linear"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--train", type=int, default=400)
    parser.add_argument("--validation", type=int, default=100)
    parser.add_argument("--test", type=int, default=TESTED)
    parser.add_argument("--a-class", type=int, default=0)
    parser.add_argument("--test-file", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {"suggested": [], "expert": [], "auto": []}
    for seed in chosen.seeds:
        with tempfile.TemporaryDirectory() as folder:
            for name, numbers in one_seed(chosen, seed, Path(folder)).items():
                arms[name].append(numbers)
                print(seed, name, numbers, file=sys.stderr, flush=True)
    report(f"auto: {chosen.data.name}, {chosen.model}, {chosen.minutes:g} minutes", arms, "auto", ["seconds"])


def one_seed(chosen: argparse.Namespace, seed: int, folder: Path) -> dict[str, dict[str, float]]:
    home = Home(folder / "home")
    config = config_of(chosen, seed, folder)
    _imported, assembled, _doubts = read_source(config.data, config.task, home, Progress())
    about = subject(config, assembled, home, trust_remote_code=False)
    everything = plan(config, about, minutes=1e4, machine=probe(), home=home)
    suggestion = everything.of(SUGGESTED).model_dump(include={"strategy", "training"})
    found = {}
    for name, settings in (("suggested", suggestion), ("expert", EXPERT)):
        run, queued = trained(home, with_settings(config, settings).to_text(), warm=True)
        found[name] = numbers_of(run, time.time() - queued)
    sweep = Sweeps(home).create(
        auto_text(config, plan(config, about, chosen.minutes, probe(), home), chosen.minutes), "auto"
    )
    began = time.time()
    start_driver(sweep)
    while sweep.status == "running":
        time.sleep(0.2)
    for trial in sweep.trials():
        print(" ", trial.parameters, trial.end, trial.value, round(trial.seconds), file=sys.stderr, flush=True)
    best = best_of(sweep)
    assert best is not None, sweep.why_ended
    print(" ", best.trial.parameters, best.why, sweep.why_ended, file=sys.stderr, flush=True)
    found["auto"] = numbers_of(Run(home.runs / best.trial.run), time.time() - began)
    return found


def numbers_of(run: Run, seconds: float) -> dict[str, float]:
    state = run.state()
    assert state.test is not None and state.best is not None
    metrics = state.test.metrics
    return {"test": metrics["accuracy"], "validation": state.best.metrics["accuracy"], "seconds": round(seconds, 1)}


def with_settings(config: RunConfig, settings: dict[str, dict[str, object]]) -> RunConfig:
    values = config.model_dump(mode="json")
    return RunConfig.read({**values, **settings, "training": {**values["training"], **settings["training"]}})


def config_of(chosen: argparse.Namespace, seed: int, folder: Path) -> RunConfig:
    data: dict[str, object] = {"source": str(chosen.data.resolve()), "split": {"seed": seed}}
    if chosen.a_class:
        data = {"source": str(few_of_each(chosen, seed, folder)), "columns": {"split": "split"}}
    elif chosen.data.suffix != ".zip":
        rows = chosen.train + chosen.validation + chosen.test
        shares = {"train": chosen.train / rows, "validation": chosen.validation / rows, "test": chosen.test / rows}
        data = {**data, "limit": rows, "split": {"seed": seed, **shares}}
    task = "image-classification" if chosen.data.suffix == ".zip" else "text-classification"
    return RunConfig.read({"task": task, "model": {"id": chosen.model}, "data": data, "training": {"seed": seed}})


def few_of_each(chosen: argparse.Namespace, seed: int, folder: Path) -> Path:
    """A table of so many rows of each class, with their splits."""
    mixed = pandas.read_csv(chosen.data).sample(frac=1, random_state=seed)
    place = mixed.groupby("label").cumcount()
    rows = mixed[place < chosen.a_class + VALIDATED].assign(split="train")
    rows.loc[place[rows.index] >= chosen.a_class, "split"] = "validation"
    tested = pandas.read_csv(chosen.test_file).sample(TESTED, random_state=seed).assign(split="test")
    file = folder / "few.csv"
    pandas.concat([rows, tested]).to_csv(file, index=False)
    return file


if __name__ == "__main__":
    main()
