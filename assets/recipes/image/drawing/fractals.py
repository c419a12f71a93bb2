"""Fractals of iterated function systems: a point jumps from map to map, and where it has been is the image."""

import numpy as np
from numpy.typing import NDArray

from assets.recipes.image.drawing.fields import Array

MAPS = 5
WALKERS, STEPS, FORGOTTEN = 96, 64, 8


def systems(count: int, seed: int) -> dict[str, Array]:
    """The table of systems: two to five affine maps each, and how often each map is taken.

    A map turns, shrinks by 0.25 to 0.85 in one direction and by less in the other, and moves."""
    random = np.random.default_rng([seed, 4])
    there = np.arange(MAPS) < random.integers(2, MAPS + 1, count)[:, None]
    first, second = random.uniform(0, 2 * np.pi, (2, count, MAPS))
    large = random.uniform(0.25, 0.85, (count, MAPS))
    small = large * random.uniform(0.2, 1, (count, MAPS)) * random.choice([-1, 1], (count, MAPS))
    maps = np.empty((count, MAPS, 6))
    maps[..., 0] = large * np.cos(first) * np.cos(second) - small * np.sin(first) * np.sin(second)
    maps[..., 1] = -large * np.cos(first) * np.sin(second) - small * np.sin(first) * np.cos(second)
    maps[..., 2] = large * np.sin(first) * np.cos(second) + small * np.cos(first) * np.sin(second)
    maps[..., 3] = -large * np.sin(first) * np.sin(second) + small * np.cos(first) * np.cos(second)
    maps[..., 4:] = random.uniform(-1, 1, (count, MAPS, 2))
    often = (np.abs(large * small) + 0.02) * there
    often = np.cumsum(often / often.sum(axis=1, keepdims=True), axis=1)
    return {"maps": maps.astype(np.float32), "often": often.astype(np.float32)}


def draw_fractals(
    table: dict[str, Array],
    rows: NDArray[np.int64],
    at: Array,
    scale: Array,
    angle: Array,
    random: np.random.Generator,
    size: int,
) -> Array:
    """How much of each point a fractal covers, 0 to 1; each image's maps differ a little from the table's."""
    count = len(rows)
    maps = table["maps"][rows] * random.uniform(0.93, 1.07, (count, MAPS, 6)).astype(np.float32)
    maps = np.ascontiguousarray(maps.reshape(-1, 6).T)
    start = np.arange(count, dtype=np.int64)[:, None] * MAPS
    x, y = random.uniform(-0.5, 0.5, (2, count, WALKERS)).astype(np.float32)
    seen = np.empty((2, STEPS, count, WALKERS), np.float32)
    often = table["often"][rows][:, :, None]
    for step in range(-FORGOTTEN, STEPS):
        drawn = random.random((count, WALKERS), np.float32)
        choice = start + np.minimum((drawn[:, None, :] > often).sum(axis=1), MAPS - 1)
        a, b, c, d, e, f = maps[:, choice]
        x, y = a * x + b * y + e, c * x + d * y + f
        if step >= 0:
            seen[0, step], seen[1, step] = x, y
    points = seen.transpose(0, 2, 1, 3).reshape(2, count, -1)
    low, high = np.percentile(points[:, :, ::8], [2, 98], axis=2).astype(np.float32)
    reach = np.maximum((high - low).max(axis=0), 1e-3) / 2
    points = (points - ((low + high) / 2)[:, :, None]) / reach[:, None] * scale[:, None]
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    across = points[0] * cosine - points[1] * sine + at[0][:, None]
    down = points[0] * sine + points[1] * cosine + at[1][:, None]
    last = size - 1  # a hair below 1 may be rounded up to the edge
    column, line = (np.minimum((each + 1) * (size / 2), last).astype(np.int64) for each in (across, down))
    shown = (across > -1) & (across < 1) & (down > -1) & (down < 1)
    place = (np.arange(count)[:, None] * size + line) * size + column
    hits = np.bincount(place[shown], minlength=count * size * size).reshape(count, size, size)
    return np.asarray(1 - np.exp(-hits.astype(np.float32)), np.float32)
