"""The recipe of starter/image: a small network for pictures, taught on generated ones alone.

python -m studio.models.starters.image --to assets/starters/image --teacher FOLDER

It draws a pool of pictures (studio.models.starters.pictures), and teaches a small ResNet three things about each: which
of 1,000 formulas it shows, the numbers that went into it (size, turn, light, ...), and, where the folder of a larger
model is given, what that model sees in it. Only the network below these three heads is kept.

The same --seed and --steps on the same machine give the same model. Without --steps the training ends after --minutes,
and says how many steps those were.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.models.starters.image_card import write_card
from studio.models.starters.image_teacher import SIDE, Teacher
from studio.models.starters.image_training import as_numbers, train
from studio.models.starters.pictures import QUALITIES, draw

STORED = 80  # side of a picture in the pool
USED = 128  # side of what it sees afterwards: photographs gain by it
CHUNK = 1000
ASKED_FIRST = 500  # pictures that show how far a teacher's answers vary
MEAN = DEVIATION = [0.5, 0.5, 0.5]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True, help="where the model goes")
    parser.add_argument("--work", type=Path, default=Path("image-pool"), help="where the pool of pictures is kept")
    parser.add_argument("--pictures", type=int, default=70_000, help="how many there are in the pool")
    parser.add_argument("--teacher", type=Path, help="folder of a MobileNetV2 that was trained on ImageNet")
    parser.add_argument("--minutes", type=float, default=45, help="of training, the pool not counted")
    parser.add_argument("--steps", type=int, help="instead of --minutes: exactly so many steps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(chosen.threads)
    pool = draw_pool(chosen.work, chosen.pictures, chosen.seed)
    teacher = open_teacher(chosen.teacher, pool) if chosen.teacher else None
    kept = chosen.work / f"training-{chosen.pictures}-{chosen.seed}.pt"
    model, account = train(pool, teacher, chosen.minutes, chosen.steps, chosen.seed, kept)
    save(model, chosen.to)
    write_card(chosen.to, account, chosen.pictures, chosen.seed, taught=teacher is not None)
    kept.unlink(missing_ok=True)


def draw_pool(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """The pictures, from the folder if an earlier run drew them, and drawn otherwise; pixels stay on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: folder / f"{name}-{count}-{seed}.npy" for name in ("pixels", "classes", "qualities")}
    if not all(path.is_file() for path in kept.values()):
        started = time.monotonic()
        unfinished = kept["pixels"].with_suffix(".part")
        shape = (count, STORED, STORED, 3)
        pixels = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint8, shape=shape)
        classes = np.empty(count, np.int64)
        qualities = np.empty((count, len(QUALITIES)), np.float32)
        for start in range(0, count, CHUNK):
            part = slice(start, min(start + CHUNK, count))
            drawn = draw(part.stop - start, seed * 1_000_003 + start, STORED)
            pixels[part], classes[part], qualities[part] = drawn.pixels, drawn.classes, drawn.qualities
            if start % (20 * CHUNK) == 0:
                print(f"{part.stop} of {count} pictures, {time.monotonic() - started:.0f} s", flush=True)
        pixels.flush()
        np.save(kept["classes"], classes)
        np.save(kept["qualities"], qualities)
        unfinished.rename(kept["pixels"])
    return {name: np.load(path, mmap_mode="r" if name == "pixels" else None) for name, path in kept.items()}


def open_teacher(folder: Path, pool: dict[str, Any]) -> Teacher:
    import torch

    some = as_numbers(torch.from_numpy(pool["pixels"][:ASKED_FIRST].copy()))
    return Teacher(folder, torch.nn.functional.interpolate(some, (SIDE,) * 2, mode="bilinear"))


def save(model: Any, folder: Path) -> None:
    """The standard folder: half precision, and a processor that anybody's transformers understands."""
    from transformers import ViTImageProcessor

    model.half().save_pretrained(folder)
    side = {"height": USED, "width": USED}
    ViTImageProcessor(size=side, resample=2, image_mean=MEAN, image_std=DEVIATION).save_pretrained(folder)


if __name__ == "__main__":
    main()
