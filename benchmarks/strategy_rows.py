"""The rows that the strategies are compared on: drawn anew for each seed, the same for every strategy."""

import random
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas

from studio.models.estimates import tokens_of

TEXTS = {"train": 2000, "validation": 400, "test": 1600}
VALIDATION_SHARE = 6  # one in so many training images
LONGEST = 128


@dataclass(frozen=True)
class Rows:
    """counts: examples of each split. classes: training examples of each class. length: tokens of a text, or 0."""

    task: str
    source: Path
    counts: dict[str, int]
    classes: dict[str, int]
    length: float


def drawn(data: Path, seed: int, folder: Path) -> Rows:
    """Writes the rows of this seed into `folder`."""
    return _images(data, seed, folder) if data.suffix == ".zip" else _texts(data, seed, folder)


def _texts(data: Path, seed: int, folder: Path) -> Rows:
    table = pandas.read_csv(data).sample(sum(TEXTS.values()), random_state=seed)
    table["split"] = [split for split, count in TEXTS.items() for _ in range(count)]
    source = folder / f"rows-{seed}.csv"
    table.to_csv(source, index=False)
    classes = table.loc[table["split"] == "train", "label"].astype(str).value_counts().to_dict()
    length = tokens_of(float(table["text"].str.len().mean()), LONGEST)
    return Rows("text-classification", source, TEXTS, classes, length)


def _images(data: Path, seed: int, folder: Path) -> Rows:
    """A ZIP of train/CLASS/ and val/CLASS/: `val` becomes the test split, and a sixth of `train` the validation split.

    The split called `val` is all that such a set has to judge by; the best step must not be chosen on it.
    """
    source = folder / f"rows-{seed}.zip"
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(source, "w") as new:
        names = sorted(name for name in old.namelist() if not name.endswith("/"))
        train = [name for name in names if name.startswith("train/")]
        validation = set(random.Random(seed).sample(train, len(train) // VALIDATION_SHARE))
        splits: Counter[str] = Counter()
        classes: Counter[str] = Counter()
        for name in names:
            split = "test" if name not in train else "validation" if name in validation else "train"
            label = name.split("/")[1]
            splits[split] += 1
            classes[label] += split == "train"
            new.writestr("/".join([split, *name.split("/")[1:]]), old.read(name))
    return Rows("image-classification", source, dict(splits), dict(classes), 0)
