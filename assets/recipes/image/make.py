"""The recipe of starter/image: a small network for images, taught on generated ones alone.

python -m assets.recipes.image.make --to assets/starters/image --teacher FOLDER [--device cuda --batch 512]
python -m assets.recipes.image.make --to assets/starters/image --start FOLDER       the second stage alone

It draws a pool of images (drawing/images.py), and teaches a small ResNet three things about each: which of 1,000
formulas it shows, the numbers that went into it (size, turn, light, ...), and, where the folder of a larger model is
given, what that model sees in it. Only the network below these three heads is kept. A second stage teaches it to read
what is written small (writing.py); --start gives a result of the first one to it.

The same --seed, --batch and --steps on the same machine give the same model. Without --steps the first stage ends
after --minutes, and the card says how many steps those were. A GPU gets further in five minutes than a processor in a
night; the second stage takes a quarter of an hour of one core.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from assets.recipes.image.card import read_recipe, write_card
from assets.recipes.image.drawing.images import draw
from assets.recipes.image.teacher import SIDE, Teacher
from assets.recipes.image.training import Plan, train
from assets.recipes.image.views import as_numbers
from assets.recipes.image.writing import learn_to_read

STORED = 112  # side of an image in the pool
USED = 128  # side of what it sees afterwards: photographs gain by it
CHUNK = 1000  # images drawn by one process at a time
ASKED_FIRST = 500  # images that show how far a teacher's answers vary
MEAN = DEVIATION = [0.5, 0.5, 0.5]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True, help="where the model goes")
    parser.add_argument("--work", type=Path, default=Path("image-pool"), help="where the pool of images is kept")
    parser.add_argument("--images", type=int, default=70_000, help="how many there are in the pool")
    parser.add_argument("--teacher", type=Path, help="folder of a MobileNetV2 that was trained on ImageNet")
    parser.add_argument("--minutes", type=float, default=45, help="of training, the pool not counted")
    parser.add_argument("--steps", type=int, help="instead of --minutes: exactly so many steps")
    parser.add_argument("--start", type=Path, help="folder of an earlier result, whose first stage is taken over")
    parser.add_argument("--writing", type=int, default=1500, metavar="STEPS", help="of the second stage")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--processes", type=int, default=1, help="that draw the pool")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(chosen.threads)
    pool = draw_pool(chosen.work, chosen.images, chosen.seed, chosen.processes)
    recipe, model = taken_over(chosen.start) if chosen.start else first_stage(pool, chosen)
    recipe["writing"] = learn_to_read(model, pool["pixels"], chosen.writing, chosen.seed, USED)
    save(model, chosen.to)
    write_card(chosen.to, recipe)


def first_stage(pool: dict[str, Any], chosen: argparse.Namespace) -> tuple[dict[str, Any], Any]:
    """(what the card says of it, the network)."""
    teacher = open_teacher(chosen.teacher, pool, chosen.device) if chosen.teacher else None
    plan = Plan(chosen.minutes, chosen.steps, chosen.batch, chosen.seed, chosen.device)
    kept = chosen.work / f"training-{chosen.images}-{chosen.seed}.pt"
    model, account = train(pool, teacher, plan, kept)
    kept.unlink(missing_ok=True)
    what = {"images": chosen.images, "taught": teacher is not None, "batch": plan.batch, "seed": plan.seed}
    return {"formulas": account | what}, model


def taken_over(folder: Path) -> tuple[dict[str, Any], Any]:
    from transformers import AutoModelForImageClassification

    return read_recipe(folder), AutoModelForImageClassification.from_pretrained(folder, dtype="float32")


def draw_pool(folder: Path, count: int, seed: int, processes: int = 1) -> dict[str, Any]:
    """The images, from the folder if an earlier run drew them, and drawn otherwise; pixels stay on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: folder / f"{name}-{count}-{seed}.npy" for name in ("pixels", "classes", "qualities")}
    if not all(path.is_file() for path in kept.values()):
        started = time.monotonic()
        unfinished = kept["pixels"].with_suffix(".part")
        np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8, shape=(count, STORED, STORED, 3)).flush()
        starts = range(0, count, CHUNK)
        classes, qualities = [], []
        with ProcessPoolExecutor(processes, get_context("spawn")) as drawers:
            parts = drawers.map(draw_part, *zip(*((unfinished, start, count, seed) for start in starts), strict=True))
            for start, (its_classes, its_qualities) in zip(starts, parts, strict=True):
                classes.append(its_classes)
                qualities.append(its_qualities)
                if start % (20 * CHUNK) == 0:
                    print(f"{start} of {count} images, {time.monotonic() - started:.0f} s", flush=True)
        np.save(kept["classes"], np.concatenate(classes))
        np.save(kept["qualities"], np.concatenate(qualities))
        unfinished.rename(kept["pixels"])
    return {name: np.load(path, mmap_mode="r" if name == "pixels" else None) for name, path in kept.items()}


def draw_part(pixels: Path, start: int, count: int, seed: int) -> tuple[Any, Any]:
    """Draws the images from `start` on into the file, as many as one process draws at a time."""
    stop = min(start + CHUNK, count)
    drawn = draw(stop - start, seed * 1_000_003 + start, STORED)
    np.load(pixels, mmap_mode="r+")[start:stop] = drawn.pixels
    return drawn.classes, drawn.qualities


def open_teacher(folder: Path, pool: dict[str, Any], device: str = "cpu") -> Teacher:
    import torch

    some = as_numbers(torch.from_numpy(pool["pixels"][:ASKED_FIRST].copy()))
    return Teacher(folder, torch.nn.functional.interpolate(some, (SIDE,) * 2, mode="bilinear"), device)


def save(model: Any, folder: Path) -> None:
    """The standard folder: half precision, and a processor that anybody's transformers understands."""
    from transformers import ViTImageProcessor

    model.half().save_pretrained(folder)
    side = {"height": USED, "width": USED}
    ViTImageProcessor(size=side, resample=2, image_mean=MEAN, image_std=DEVIATION).save_pretrained(folder)


if __name__ == "__main__":
    main()
