"""What `tasks.py` trains: for each case the data, the model, the settings, and what anyone would try first."""

import csv
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas
from task_baselines import BOOSTING, COPY, SPECTRUM, THUMBNAILS, WORD_COUNTS, WORD_OVERLAP, Baseline
from task_models import detector, translator

Made = Callable[[Path, Path], Path]  # (the folder of data, an empty one) -> what was made in there

DIGITS = "speech/spoken_digits.zip"
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def banking_with_its_test(data: Path, folder: Path) -> Path:
    """The two official files as one, with a column that says which rows are the test."""
    parts = {"train": "text/banking77_train.csv", "test": "text/banking77_test.csv"}
    tables = [pandas.read_csv(data / file).assign(split=split) for split, file in parts.items()]
    pandas.concat(tables).to_csv(folder / "banking77.csv", index=False)
    return folder / "banking77.csv"


def banking_pairs(data: Path, folder: Path) -> Path:
    """Two questions of bank customers: do both want the same? Half do. No question is in two splits."""
    generator = random.Random(7)
    table = pandas.read_csv(data / "text/banking77_train.csv").sample(frac=1, random_state=7)
    sizes = {"train": 4000, "validation": 400, "test": 1000}
    rows, begin = [], 0
    for split, size in sizes.items():
        part, begin = table.iloc[begin : begin + 3 * size // 2], begin + 3 * size // 2
        groups = {label: list(group["text"]) for label, group in part.groupby("label") if len(group) > 1}
        for number in range(size):
            label, other = generator.sample(sorted(groups), 2)
            if number % 2:
                first, second = generator.sample(groups[label], 2)
            else:
                first, second = generator.choice(groups[label]), generator.choice(groups[other])
            rows.append((first, second, "same" if number % 2 else "different", split))
    with (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("sentence1", "sentence2", "label", "split"), *rows])
    return folder / "pairs.csv"


def spoken_numbers(data: Path, folder: Path) -> Path:
    """The recordings of digits, each with its word as its transcript."""
    import zipfile

    made = folder / "spoken_numbers.zip"
    with zipfile.ZipFile(data / DIGITS) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            if name != "labels.csv":
                new.writestr(name, old.read(name))
        with old.open("labels.csv") as file:
            table = pandas.read_csv(file)
        table["transcript"] = [WORDS[int(label)] for label in table.pop("label")]
        new.writestr("transcripts.csv", table.to_csv(index=False))
    return made


def tumours(data: Path, folder: Path) -> Path:
    """Breast Cancer Wisconsin, which scikit-learn brings along: ten measured means, benign or malignant."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer(as_frame=True)
    table = found.data.iloc[:, :10].assign(label=[found.target_names[kind] for kind in found.target])
    table.to_csv(folder / "tumours.csv", index=False)
    return folder / "tumours.csv"


def diabetes(data: Path, folder: Path) -> Path:
    """Diabetes, which scikit-learn brings along: ten measures of 442 people, and how the illness went on in a year."""
    from sklearn.datasets import load_diabetes

    load_diabetes(as_frame=True, scaled=False).frame.to_csv(folder / "diabetes.csv", index=False)
    return folder / "diabetes.csv"


@dataclass(frozen=True)
class Case:
    """source: below the folder of data, `sample/NAME`, or made. metric: the one that is told, if not the headline.

    minutes: then the training is stopped, and what was best until then is judged.
    """

    source: str | Made
    task: str
    model: str | Made
    strategy: Mapping[str, Any]
    training: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    baseline: Baseline | None = None
    metric: str = ""
    minutes: float = 20

    def run_file(self, data: Path, folder: Path) -> dict[str, Any]:
        """folder: for what has to be made."""
        return {
            "task": self.task,
            "model": {"id": self.model if isinstance(self.model, str) else str(self.model(data, folder))},
            "data": {"source": self._source(data, folder), **self.data},
            "strategy": dict(self.strategy),
            "training": dict(self.training),
            "options": dict(self.options),
        }

    def _source(self, data: Path, folder: Path) -> str:
        if not isinstance(self.source, str):
            return str(self.source(data, folder))
        return self.source if self.source.startswith("sample/") else str((data / self.source).resolve())

    @property
    def told(self) -> dict[str, str]:
        """What of it stands in the results."""
        names = {"data": self.source, "model": self.model}
        return {
            "task": self.task,
            **{key: value if isinstance(value, str) else value.__name__ for key, value in names.items()},
            "strategy": str(self.strategy["name"]),
        }


HEAD = {"name": "freeze", "last_blocks": 0}
FULL = {"name": "full"}
BY_SPEAKER = {"split": {"group": "speaker", "train": 0.66, "validation": 0.17, "test": 0.17}}
HALF = {"split": {"train": 0.5, "validation": 0.2, "test": 0.3}}
SMALL_EXAM = {"split": {"train": 0.94, "validation": 0.02, "test": 0.04}}

CASES = {
    "banking77-head": Case(
        banking_with_its_test, "text-classification", "starter/text", HEAD, {"epochs": 30}, {"max_length": 64},
        baseline=WORD_COUNTS,
    ),
    "banking77": Case(
        banking_with_its_test, "text-classification", "starter/text", FULL,
        {"epochs": 6, "batch_size": 32, "learning_rate": 1e-4}, {"max_length": 64},
        {"split": {"train": 0.9, "validation": 0.05, "test": 0.05}}, WORD_COUNTS,
    ),
    "spam": Case("text/sms_spam.csv", "text-classification", "starter/text", HEAD, {"epochs": 15},
        baseline=WORD_COUNTS),
    "text-pairs": Case(
        banking_pairs, "text-pairs", "starter/text", FULL, {"epochs": 3}, {"max_length": 96}, baseline=WORD_OVERLAP
    ),
    "tumours": Case(
        tumours, "tabular-classification", "starter/text", FULL, {"epochs": 5, "learning_rate": 1e-4},
        baseline=BOOSTING,
    ),
    "diabetes": Case(
        diabetes, "tabular-regression", "starter/text", FULL, {"epochs": 8, "learning_rate": 1e-4}, baseline=BOOSTING
    ),
    "trash": Case(
        "images/trash.zip", "image-classification", "starter/photo", HEAD, {"epochs": 20}, baseline=THUMBNAILS
    ),
    "blood-cells": Case(
        "detection/bccd_voc.zip", "object-detection", detector, FULL,
        {"epochs": 60, "batch_size": 8, "learning_rate": 5e-4, "evaluations_per_epoch": 1},
        {"image_size": 256, "augment": True}, metric="map_50", minutes=25,
    ),
    "digits-at-random": Case(
        DIGITS, "audio-classification", "starter/speech", HEAD, {"epochs": 30}, {"seconds": 1}, baseline=SPECTRUM
    ),
    "digits-by-speaker": Case(
        DIGITS, "audio-classification", "starter/speech", HEAD, {"epochs": 30}, {"seconds": 1}, BY_SPEAKER, SPECTRUM
    ),
    "yesno-transcripts": Case(
        "speech/yesno_transcripts.zip", "speech-recognition", "starter/speech", FULL,
        {"epochs": 6, "batch_size": 4}, {"seconds": 8, "longest_answer": 24}, HALF,
    ),
    "digits-transcripts": Case(
        spoken_numbers, "speech-recognition", "starter/speech", FULL,
        {"epochs": 3, "batch_size": 16}, {"seconds": 2, "longest_answer": 8}, BY_SPEAKER,
    ),
    "translation": Case(
        "translation/en_sv.csv", "translation", translator, FULL,
        {"epochs": 8, "batch_size": 64, "learning_rate": 2e-3}, {"max_length": 40, "longest_answer": 40}, SMALL_EXAM,
        COPY,
    ),
    "chat": Case(
        "chat/dolly_3000.jsonl", "chat", "starter/gpt", FULL, {"epochs": 3, "learning_rate": 1e-3},
        {"max_length": 256, "longest_answer": 48},
    ),
    "recommendation": Case("sample/dishes", "recommendation", "starter/text", FULL, {"epochs": 3}),
}  # fmt: skip
