"""starter/image beside the same network untrained: what its pretraining on generated images is worth.

python benchmarks/starter_image.py ants_bees.zip trash.zip fashion.zip [--reference FOLDER] [--tune]

Data: ZIP files of class folders, with or without train/ and test/ (or val/) above them, the handwritten digits that
come with scikit-learn, and the studio's sample of surfaces. Without a given split 100 images a class (two thirds,
where there are few) teach and 40 others test, with one at most 200 a class teach.
`frozen`: a logistic regression on the pooled features, its strength chosen on a fifth of the training
rows. `--tune`: all weights, at most 60 images a class, four epochs in one schedule, scored after the first, the
second and the last. Accuracies in per cent, means over the seeds; a seed decides the rows, the untrained weights and
the order of batches. `--reference` adds the frozen features of another model; `--card` writes the table into a model
card, below its heading "Measured".
"""

import argparse
import io
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from statistics import mean, median
from typing import Any

import numpy
import torch
from PIL import Image
from reporting import machine
from transformers.utils import logging

from studio.data.samples import SAMPLES
from studio.tasks.images import Pixels, load_image_processor

STARTER = Path(__file__).resolve().parent.parent / "assets" / "starters" / "image"
TEST_NAMES = ("test", "val", "validation", "valid")
TUNED_ON, EPOCHS, SCORED, BATCH, RATE = 60, 4, (1, 2, 4), 32, 1e-3
TIMED, WARM = 40, 10  # images; the first ones make room
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


@dataclass
class Data:
    """Images with their labels; `splits` are train, test or empty where the file does not say."""

    name: str
    images: list[Image.Image]
    labels: numpy.ndarray
    splits: numpy.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="*", help="ZIP files of class folders")
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--reference", type=Path, help="another model's folder, for its frozen features")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tune", action="store_true", help="fine-tune as well (minutes)")
    parser.add_argument("--card", type=Path, help="README.md to write the table into")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    logging.set_verbosity_error()  # that the head is left out is meant so
    lines: list[dict[str, Any]] = []
    for data in [*(read(path) for path in chosen.data), digits(), surfaces()]:
        for line in measure(data, chosen):
            lines.append(line)
            print("  ".join(f"{key} {value}" for key, value in line.items()), file=sys.stderr, flush=True)
    model = load(chosen.model)
    timed = milliseconds(model, Pixels(load_image_processor(chosen.model, model.config, False)))
    if chosen.card:
        write_down(chosen.card, lines, timed, chosen.seeds)
    result = {"benchmark": "starter_image", "date": time.strftime("%Y-%m-%d"), "machine": machine(), "rows": lines}
    print(json.dumps(result | {"milliseconds an image": timed, "seeds": chosen.seeds}))


def measure(data: Data, chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One line of the table for each arm."""
    arms = [("pretrained", chosen.model, True), ("untrained", chosen.model, False)]
    arms += [("reference", chosen.reference, True)] if chosen.reference else []
    for arm, folder, trained in arms:
        pixels = Pixels(load_image_processor(folder, load(folder).config, False))
        found: dict[str, list[float]] = {}
        for seed in range(chosen.seeds):
            train, test = split(data, seed)
            rows = numpy.concatenate([train, test])
            values = torch.stack([pixels.shrink(data.images[row]) for row in rows])
            labels = data.labels[rows]
            learn, check = numpy.arange(len(train)), numpy.arange(len(train), len(rows))
            torch.manual_seed(seed)
            model = load(folder) if trained else type(load(folder))(load(folder).config)
            score = probe(features(model, values, pixels), labels, learn, check, seed)
            found.setdefault("frozen", []).append(score)
            if chosen.tune and arm != "reference":
                few = fewer(labels, learn)
                for epoch, score in tune(model, values, pixels, labels, few, check, seed).items():
                    found.setdefault(f"epoch {epoch}", []).append(score)
        yield {"data": data.name, "arm": arm} | {name: round(100 * mean(scores), 1) for name, scores in found.items()}


def fewer(labels: numpy.ndarray, rows: numpy.ndarray) -> numpy.ndarray:
    return numpy.concatenate([rows[labels[rows] == label][:TUNED_ON] for label in numpy.unique(labels)])


def load(folder: Path) -> Any:
    """Without its head: only the pooled features are used."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder, dtype=torch.float32)


def read(path: Path) -> Data:
    images, labels, splits = [], [], []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            place = PurePosixPath(name)
            if place.suffix.lower() not in IMAGES or len(place.parts) < 2:
                continue
            with Image.open(io.BytesIO(archive.read(name))) as image:
                images.append(image.convert("RGB"))
            labels.append(place.parts[-2])
            above = place.parts[-3] if len(place.parts) > 2 else ""
            splits.append("test" if above in TEST_NAMES else "train" if above == "train" else "")
    return Data(path.stem, images, numbered(labels), numpy.array(splits))


def digits() -> Data:
    from sklearn.datasets import load_digits

    found = load_digits()
    images = [Image.fromarray((image * 15.9).astype(numpy.uint8)).convert("RGB") for image in found.images]
    return Data("digits", images, found.target, numpy.full(len(images), ""))


def surfaces() -> Data:
    return replace(read(SAMPLES["surface-inspection"].path), name="surfaces")


def numbered(labels: Sequence[str]) -> numpy.ndarray:
    return numpy.unique(numpy.array(labels), return_inverse=True)[1]


def split(data: Data, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Row numbers (to learn from, to test on)."""
    random = numpy.random.default_rng(seed)
    train, test = [], []
    for label in numpy.unique(data.labels):
        rows = random.permutation(numpy.nonzero(data.labels == label)[0])
        if "test" in data.splits:
            train.append(rows[data.splits[rows] == "train"][:200])
            test.append(rows[data.splits[rows] == "test"])
        else:
            learned = min(100, len(rows) * 2 // 3)
            train.append(rows[:learned])
            test.append(rows[learned : learned + 40])
    return numpy.concatenate(train), numpy.concatenate(test)


def features(model: Any, values: torch.Tensor, pixels: Pixels) -> numpy.ndarray:
    model.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(values), 64):
            batch = pixels.normalise(values[start : start + 64]).contiguous(memory_format=torch.channels_last)
            found.append(model(batch).pooler_output.flatten(1))
    return torch.cat(found).numpy()


def probe(found: Any, labels: Any, train: Any, test: Any, seed: int) -> float:
    """Accuracy of a logistic regression on the test rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    def fitted(rows: Any, strength: float) -> Any:
        return LogisticRegression(C=strength, max_iter=300).fit(scaled[rows], labels[rows])

    scaled = StandardScaler().fit(found[train]).transform(found)
    learn, check = train_test_split(train, test_size=0.2, random_state=seed, stratify=labels[train])
    scores = {strength: fitted(learn, strength).score(scaled[check], labels[check]) for strength in (1e-3, 1e-2, 1e-1)}
    return float(fitted(train, max(scores, key=lambda strength: scores[strength])).score(scaled[test], labels[test]))


def tune(model: Any, values: Any, pixels: Pixels, labels: Any, train: Any, test: Any, seed: int) -> dict[int, float]:
    """Accuracy after some epochs of training all weights and a new head."""
    random = numpy.random.default_rng(seed)
    torch.manual_seed(seed)
    answers = torch.from_numpy(labels)
    with torch.inference_mode():
        width = model.eval()(pixels.normalise(values[:2])).pooler_output.flatten(1).shape[1]
    head = torch.nn.Linear(width, int(labels.max()) + 1)
    optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], weight_decay=0.01)
    steps = len(train) // BATCH * EPOCHS
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=RATE, total_steps=steps, pct_start=0.1)
    scores = {}
    for epoch in range(1, EPOCHS + 1):
        model.train()
        order = random.permutation(train)
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = torch.from_numpy(order[start : start + BATCH])
            batch = pixels.normalise(values[rows]).contiguous(memory_format=torch.channels_last)
            found = head(model(batch).pooler_output.flatten(1))
            torch.nn.functional.cross_entropy(found, answers[rows]).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        if epoch in SCORED:
            with torch.inference_mode():
                found = head(torch.from_numpy(features(model, values[test], pixels))).argmax(dim=1)
            scores[epoch] = float((found == answers[test]).float().mean())
    return scores


def milliseconds(model: Any, pixels: Pixels) -> float:
    """Processor time for one image alone, resized and answered."""
    image = Image.new("RGB", (320, 240))
    model.eval()
    times = []
    with torch.inference_mode():
        for _ in range(TIMED + WARM):
            started = time.process_time()
            model(pixels.normalise(pixels.shrink(image)[None]))
            times.append(time.process_time() - started)
    return round(1000 * median(times[WARM:]), 2)


def write_down(card: Path, lines: Sequence[dict[str, Any]], timed: float, seeds: int) -> None:
    """Put the table where the card's heading "Measured" is; what stood there before goes."""
    columns = list(dict.fromkeys(name for line in lines for name in line))
    table = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    table += ["| " + " | ".join(str(line.get(name, "")) for name in columns) + " |" for line in lines]
    said = f"""Accuracy in per cent, means of {seeds} seeds, by `benchmarks/starter_image.py --tune`.
`frozen`: a logistic regression on the features; `epoch`: all weights trained, at most {TUNED_ON} images a class,
after so many of {EPOCHS} passes.

"""
    cost = f"\nOne image of 320 x 240 alone, made small and answered, takes {timed} ms of one core.\n"
    text = card.read_text(encoding="utf-8")
    before, heading, after = text.partition("## Measured\n\n")
    following = after.partition("\n## ")
    rest = "".join(following[1:])
    card.write_text(before + heading + said + "\n".join(table) + "\n" + cost + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
