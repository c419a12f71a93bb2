"""The second stage of starter/image: to tell apart what is written small.

Half of every batch are signs of a pen, as a scan of a few pixels shows them, and the network learns which of many signs
each is. The other half are images of the first stage, on which it must go on seeing what it saw before (the features
of the untouched network are the target, as in Li and Hoiem 2016, arXiv:1606.09282). Normalisation keeps its statistics.
In the end the weights go only part of the way, which gives both abilities more than the whole way does (Wortsman et al.
2022, arXiv:2109.01903).
"""

import copy
import json
import time
from typing import Any

import numpy as np

from assets.recipes.image.drawing.strokes import draw_signs, signs
from assets.recipes.image.views import shown

SIGNS, SIGNS_SEED = 600, 99
BATCH = 24  # written ones, and as many others
RATE, HEAD_RATE, WARM_UP = 5e-4, 1.5e-3, 0.05
SMOOTHING = 0.1
WAY = 0.7  # how much of the change is kept: of 0.5, 0.7 and 1 the one that cost photographs least for what digits gain
DRAWN, FEWEST, MOST = 40, 7, 20  # a sign's pixels a side: as drawn, and what is left of them
ASKED = 512  # images that tell how far each feature varies
REPORTED_EVERY = 100


def learn_to_read(model: Any, pixels: Any, steps: int, seed: int, side: int) -> dict[str, Any]:
    """Teaches `model` (a ResNetForImageClassification on the processor), in place, and gives an account of it, with the
    minutes of one core that it took.

    pixels: (n, stored, stored, 3), bytes, images of the first stage. side: what the network sees.
    """
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    random, table = np.random.default_rng(seed), signs(SIGNS, SIGNS_SEED)
    network = model.base_model.to(memory_format=torch.channels_last).eval()  # statistics stay as they are
    before = copy.deepcopy(network).requires_grad_(False)
    head = torch.nn.Linear(model.config.hidden_sizes[-1], SIGNS)
    usual = _features(before, _others(pixels, ASKED, random, side)).std(dim=0) + 1e-3
    groups = [{"params": network.parameters(), "lr": RATE}, {"params": head.parameters(), "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / steps / WARM_UP) * (1 - step / steps)
    )
    started, smoothed = time.process_time(), {"sign": 0.0, "kept": 0.0}
    for step in range(1, steps + 1):
        small, classes = written(table, BATCH, random, side)
        others = _others(pixels, BATCH, random, side)
        found = _features(network, torch.cat([small, others]))
        losses = {
            "sign": functional.cross_entropy(head(found[:BATCH]), classes, label_smoothing=SMOOTHING),
            "kept": ((found[BATCH:] - _features(before, others)) / usual).square().mean(),
        }
        optimizer.zero_grad()
        sum(losses.values()).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        smoothed = {
            name: smoothed[name] + max(0.05, 1 / step) * (float(loss.detach()) - smoothed[name])
            for name, loss in losses.items()
        }
        if step % REPORTED_EVERY == 0:
            seconds = round(time.process_time() - started)
            print(json.dumps({"writing": step, "seconds": seconds} | smoothed), flush=True)
    with torch.no_grad():
        for now, then in zip(network.parameters(), before.parameters(), strict=True):
            now.lerp_(then, 1 - WAY)
    minutes = round((time.process_time() - started) / 60, 1)
    return {"steps": steps, "minutes": minutes, "losses": smoothed, "seed": seed, "images": len(pixels)}


def written(table: Any, count: int, random: np.random.Generator, side: int) -> tuple[Any, Any]:
    """(images (count, 3, side, side) from -1 to 1, which signs of the table they show): a pen of some width on plain
    ground, light on dark or dark on light, shrunk to a few pixels and made large again."""
    import torch
    from torch.nn import functional

    def some(low: float, high: float, *shape: int) -> Any:
        return random.uniform(low, high, shape or (count,)).astype(np.float32)

    rows = random.integers(0, len(table), count)
    scale = some(0.6, 1.05)
    at = some(-0.3, 0.3, 2, count) * (1.15 - scale)
    turn = random.normal(0, 0.15, count).astype(np.float32)
    width = np.exp(some(float(np.log(0.03)), float(np.log(0.16))))
    ink = torch.from_numpy(draw_signs(table, rows, at, scale, turn, width, random, DRAWN))[:, None]
    small = functional.interpolate(ink, (int(random.integers(FEWEST, MOST)),) * 2, mode="area")
    pressure, dark, light = (torch.from_numpy(some(*ends, count, 1, 1, 1)) for ends in ((0.6, 1.6), (0, 0.5), (0.6, 1)))
    plain = torch.from_numpy(random.random((count, 1, 1, 1)) < 0.75)
    dark = torch.where(plain, 0.0, dark)
    large = functional.interpolate((small * pressure).clamp(max=1), (side, side), mode="bilinear")
    grey = dark + (light - dark) * large
    grey = torch.where(torch.from_numpy(random.random((count, 1, 1, 1)) < 0.3), 1 - grey, grey)
    images = (grey * 2 - 1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    return images, torch.from_numpy(rows)


def _others(pixels: Any, count: int, random: np.random.Generator, side: int) -> Any:
    import torch

    rows = np.sort(random.integers(0, len(pixels), count))
    return shown(torch.from_numpy(np.array(pixels[rows])), side).pixels


def _features(network: Any, images: Any) -> Any:
    return network(images).pooler_output.flatten(1)
