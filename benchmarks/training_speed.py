"""Training: the studio's worker beside `transformers.Trainer` with dynamic padding, on the same rows.

python benchmarks/training_speed.py reviews.csv --rows 1000              texts, full, 1 epoch
python benchmarks/training_speed.py reviews.csv --head                   texts, a new head alone, 10 epochs
python benchmarks/training_speed.py images.zip --model FOLDER --head   images

Both arms read the same training and test rows (those of the studio's run), with the same batch size, epochs and
learning rate, and score the validation split after each epoch. `seconds` counts from the loaded libraries to the
test result: reading, preparing, training, scoring. `wall` is what a person waits, with the imports; `cpu` is the
processor time of all of it, which says more on a machine that others use too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reporting import child_cpu_seconds, report

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="starter/text")
    parser.add_argument("--rows", type=int, default=1000, help="training rows of a table")
    parser.add_argument("--head", action="store_true", help="train a new head alone")
    parser.add_argument("--epochs", type=int, help="1, or 10 for a head")
    parser.add_argument("--learning-rate", type=float, help="5e-5, or 1e-3 for a head")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--precision", default="auto", help="of the studio; the Trainer keeps its own default, fp32")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--trainer", metavar="JOB.json", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.trainer:
        print(json.dumps(train_with_trainer(json.loads(chosen.trainer.read_text(encoding="utf-8")))))
        return
    epochs = chosen.epochs or (10 if chosen.head else 1)
    rate = chosen.learning_rate or (1e-3 if chosen.head else 5e-5)
    arms: dict[str, list[dict[str, float]]] = {"studio": [], "Trainer": []}
    for _ in range(chosen.repeat):
        with tempfile.TemporaryDirectory() as folder:
            ours, run = train_with_studio(chosen, epochs, rate, Path(folder))
            arms["studio"].append(ours)
            arms["Trainer"].append(train_beside(chosen, epochs, rate, run, Path(folder)))
    kind = "a new head" if chosen.head else "full fine-tuning"
    title = f"training_speed: {chosen.data.name}, {kind}, {epochs} epochs"
    report(title, arms, "studio", ["seconds", "wall", "cpu"])


def train_with_studio(
    chosen: argparse.Namespace, epochs: int, rate: float, folder: Path
) -> tuple[dict[str, float], Path]:
    images = chosen.data.suffix == ".zip"
    limit = "" if images else f"limit: {2 * chosen.rows}, split: {{train: 0.5, validation: 0.1, test: 0.4}}, "
    strategy = "{name: freeze, last_blocks: 0}" if chosen.head else "{name: full}"
    run_file = folder / "run.yaml"
    run_file.write_text(
        f"task: {'image' if images else 'text'}-classification\nmodel: {{id: '{chosen.model}'}}\n"
        f"data: {{{limit}source: '{chosen.data.resolve()}'}}\nstrategy: {strategy}\n"
        f"training: {{epochs: {epochs}, batch_size: {chosen.batch_size}, learning_rate: {rate}, "
        f"precision: {chosen.precision}}}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "studio", "train", str(run_file), "--home", str(folder / "home"), "--json"]
    before, used = time.perf_counter(), child_cpu_seconds()
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    times = {"wall": time.perf_counter() - before, "cpu": child_cpu_seconds() - used}
    if ended.returncode:
        raise SystemExit(f"the studio's run failed:\n{ended.stderr}")
    result = json.loads(ended.stdout.splitlines()[-1])
    print(ended.stderr, file=sys.stderr)
    numbers = {"seconds": result["seconds"], **times, "test accuracy": result["metrics"]["test"]["accuracy"]}
    return numbers, Path(result["dir"])


def train_beside(chosen: argparse.Namespace, epochs: int, rate: float, run: Path, folder: Path) -> dict[str, float]:
    """The Trainer in a process of its own, on the rows of the studio's run."""
    from studio.files import read_json
    from studio.models.sources import locate
    from studio.paths import Home

    dataset = read_json(run / "data" / "dataset.json")["dataset"]
    job = {
        "examples": str(run / "data" / "examples.parquet"),
        "files": str(folder / "home" / "datasets" / dataset / "files"),
        "model": str(locate(chosen.model, home=Home(folder / "home"))),
        "head": chosen.head,
        "epochs": epochs,
        "batch_size": chosen.batch_size,
        "learning_rate": rate,
        "folder": str(folder / "trainer"),
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, __file__, str(chosen.data), "--trainer", str(path)]
    before, used = time.perf_counter(), child_cpu_seconds()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    times = {"wall": time.perf_counter() - before, "cpu": child_cpu_seconds() - used}
    if ended.returncode:
        raise SystemExit(f"the Trainer failed:\n{ended.stderr}")
    return {**json.loads(ended.stdout.splitlines()[-1]), **times}


def train_with_trainer(job: dict[str, Any]) -> dict[str, float]:
    """As tutorials do it: AutoModelFor..., a collator that pads to the longest of the batch, the Trainer's defaults."""
    import numpy
    import pandas
    from transformers import (
        AutoModelForImageClassification,
        AutoModelForSequenceClassification,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    started = time.perf_counter()
    set_seed(7)
    table = pandas.read_parquet(job["examples"])
    labels = sorted(table["label"].unique())
    kind = "image" if "image" in table else "text"
    auto = AutoModelForImageClassification if kind == "image" else AutoModelForSequenceClassification
    model = auto.from_pretrained(job["model"], num_labels=len(labels), ignore_mismatched_sizes=True)
    if job["head"]:
        model.base_model.requires_grad_(False)
    prepare = images if kind == "image" else texts
    splits, collate = prepare(table, {label: number for number, label in enumerate(labels)}, job)
    trainer = Trainer(
        model,
        TrainingArguments(
            output_dir=job["folder"],
            num_train_epochs=job["epochs"],
            per_device_train_batch_size=job["batch_size"],
            per_device_eval_batch_size=job["batch_size"],
            learning_rate=job["learning_rate"],
            eval_strategy="epoch",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            remove_unused_columns=False,
        ),
        data_collator=collate,
        train_dataset=splits["train"],
        eval_dataset=splits["validation"],
    )
    trainer.train()
    predicted = trainer.predict(splits["test"])
    accuracy = float((numpy.argmax(predicted.predictions, axis=1) == predicted.label_ids).mean())
    return {"seconds": time.perf_counter() - started, "test accuracy": accuracy}


def texts(table: Any, numbers: dict[str, int], job: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    from transformers import AutoTokenizer, DataCollatorWithPadding

    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    splits = {}
    for split, rows in table.groupby("split"):
        tokens = tokenizer(list(rows["text"]), truncation=True, max_length=128)
        splits[str(split)] = [
            {**{key: tokens[key][row] for key in tokens}, "labels": numbers[label]}
            for row, label in enumerate(rows["label"])
        ]
    return splits, DataCollatorWithPadding(tokenizer)


def images(table: Any, numbers: dict[str, int], job: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    import torch
    from PIL import Image
    from torchvision.transforms import v2

    size = {"image_size": 224, **json.loads((Path(job["model"]) / "config.json").read_text())}["image_size"]
    transform = v2.Compose(
        [
            v2.Resize(round(size * 256 / 224)),
            v2.CenterCrop(size),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )

    class Images(torch.utils.data.Dataset):  # type: ignore[type-arg]
        """Decoded whenever they are asked for."""

        def __init__(self, rows: Any) -> None:
            self.rows = list(zip(rows["image"], rows["label"], strict=True))

        def __len__(self) -> int:
            return len(self.rows)

        def __getitem__(self, index: int) -> dict[str, Any]:
            name, label = self.rows[index]
            with Image.open(Path(job["files"]) / name) as image:
                return {"pixel_values": transform(image.convert("RGB")), "labels": numbers[label]}

    return {str(split): Images(rows) for split, rows in table.groupby("split")}, None


if __name__ == "__main__":
    main()
