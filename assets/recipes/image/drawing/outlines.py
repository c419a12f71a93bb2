"""Outlines and solids. An outline is a distance from its middle for every direction, so that polygons, stars, gears,
leaves and shapes of Fourier series are the same thing: a row of a table. A solid is a few outlines, each swollen to a
height, laid over each other and lit from a side."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.recipes.image.drawing.fields import TAU, Array, grid, turned

Radii = NDArray[np.floating[Any]]  # in every direction
DIRECTIONS = 256
PARTS = 6


def outlines(count: int, seed: int) -> Array:
    """The table of outlines, (count, DIRECTIONS): the farthest point of each lies at 1."""
    random = np.random.default_rng([seed, 2])
    angle = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    makers = (_fourier, _fourier, _polygon, _star, _superellipse, _gear, _petals)
    table = np.stack([makers[number % len(makers)](angle, random) for number in range(count)])
    return np.asarray(table / table.max(axis=1, keepdims=True), np.float32)


def _fourier(angle: Radii, random: np.random.Generator) -> Radii:
    """A circle with a few waves around it, mirrored in half of the cases."""
    orders = np.arange(1, 9)
    strength = random.normal(0, 0.9, 8) / orders ** random.uniform(0.6, 1.4)
    phase = random.uniform(0, 2 * np.pi, 8) * random.integers(0, 2)
    return np.clip(1.2 + np.cos(angle[:, None] * orders + phase) @ strength, 0.12, None)


def _polygon(angle: Radii, random: np.random.Generator) -> Radii:
    step = 2 * np.pi / random.integers(3, 9)
    straight = np.cos(step / 2) / np.cos(angle % step - step / 2)
    return _squeezed(straight, angle, random.uniform(0.35, 1))


def _star(angle: Radii, random: np.random.Generator) -> Radii:
    step = 2 * np.pi / random.integers(3, 11)
    inward = np.abs(angle % step / step * 2 - 1)
    return random.uniform(0.25, 0.7) + (1 - inward) ** random.uniform(0.6, 2) * 0.7


def _superellipse(angle: Radii, random: np.random.Generator) -> Radii:
    power = random.choice([0.6, 1, 2, 2, 4, 12])
    radius = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)
    return _squeezed(radius, angle, random.uniform(0.2, 1))


def _gear(angle: Radii, random: np.random.Generator) -> Radii:
    teeth = np.sin(angle * random.integers(4, 14)) > random.uniform(-0.5, 0.5)
    return 1 + random.uniform(0.15, 0.8) * teeth


def _petals(angle: Radii, random: np.random.Generator) -> Radii:
    return 0.15 + np.abs(np.cos(angle * random.integers(1, 8) / 2)) ** random.uniform(0.4, 2.5)


def _squeezed(radius: Radii, angle: Radii, by: float) -> Radii:
    """The same outline with its height times `by`, at the directions of the table again."""
    x, y = radius * np.cos(angle), radius * np.sin(angle) * by
    found = np.arctan2(y, x) % (2 * np.pi)
    order = np.argsort(found)
    return np.interp(angle, found[order], np.hypot(x, y)[order], period=2 * np.pi)


def inside(table: Array, rows: NDArray[np.int64], u: Array, v: Array) -> tuple[Array, Array]:
    """(distance to the edge in units of u, positive inside; how far from the middle, 1 at the edge)."""
    distance = np.sqrt(u * u + v * v)
    turn = np.arctan2(v, u) * np.float32(DIRECTIONS / TAU)
    column = turn.astype(np.int16) & (DIRECTIONS - 1)
    edge = table[rows[:, None, None], column]
    return np.asarray(edge - distance, np.float32), np.asarray(distance / edge, np.float32)


def place(x: Array, y: Array, at: Array, scale: Array, angle: Array) -> tuple[Array, Array]:
    """Coordinates in which an object at `at` (2, n), of this scale and angle, is upright and of size 1."""
    u, v = turned(x - at[0][:, None, None], y - at[1][:, None, None], angle)
    return u / scale[:, None, None], v / scale[:, None, None]


def draw_outlines(
    table: Array, rows: NDArray[np.int64], at: Array, scale: Array, angle: Array, line: Array, size: int
) -> Array:
    """How much of each point an outline covers, 0 to 1. `line` above 0: only a line of that width along the edge."""
    u, v = place(*grid(size), at, scale, angle)
    distance, _ = inside(table, rows, u, v)
    pixels = distance * (scale * (size / 2))[:, None, None]
    width = (line * size / 2)[:, None, None]
    pixels = np.where(width > 0, width / 2 - np.abs(pixels + width / 2), pixels)
    return np.asarray(np.clip(pixels + 0.5, 0, 1), np.float32)


def solids(count: int, shapes: int, seed: int) -> dict[str, Array]:
    """The table of solids: the parts of each (outline, place, size, angle, height, colour); 0 is no part.

    Half of them are mirrored: every part beside the axis has its twin, as animals and most tools have."""
    random = np.random.default_rng([seed, 3])
    parts = random.integers(1, PARTS + 1, count)
    there = np.arange(PARTS) < parts[:, None]
    place_x, place_y = random.normal(0, 0.38, (2, count, PARTS))
    place_x[:, 0] = place_y[:, 0] = 0
    scale = random.uniform(0.18, 0.55, (count, PARTS)) * there
    scale[:, 0] = random.uniform(0.4, 0.75, count)
    turn = random.uniform(0, 2 * np.pi, (count, PARTS))
    shape = random.integers(0, shapes, (count, PARTS))
    colour = random.integers(0, 2, (count, PARTS))
    for first in range(1, PARTS - 1, 2):
        mirrored = (np.arange(count) % 2 == 0) & (parts > first + 1)
        for numbers in (shape, scale, colour, place_y):
            numbers[mirrored, first + 1] = numbers[mirrored, first]
        place_x[mirrored, first + 1] = -place_x[mirrored, first]
        turn[mirrored, first + 1] = np.pi - turn[mirrored, first]
    height = random.uniform(0.3, 1.0, (count, PARTS))
    numbers = {"shape": shape, "x": place_x, "y": place_y, "scale": scale, "turn": turn, "height": height}
    return {key: value.astype(np.float32) for key, value in (numbers | {"colour": colour}).items()}


def draw_solids(
    table: dict[str, Array],
    shapes: Array,
    rows: NDArray[np.int64],
    at: Array,
    scale: Array,
    angle: Array,
    light: Array,
    random: np.random.Generator,
    size: int,
) -> tuple[Array, Array, Array]:
    """(how much of each point is covered, how bright it is under the light from `light`, which colour it has)."""
    u, v = place(*grid(size), at, scale, angle)
    height = np.zeros_like(u)
    cover = np.zeros_like(u)
    colour = np.zeros_like(u)
    wobble = random.normal(0, 0.05, (3, len(rows), PARTS)).astype(np.float32)
    for part in range(PARTS):
        (chosen,) = np.nonzero(table["scale"][rows, part] > 0)
        if not len(chosen):
            break
        row = rows[chosen]
        middle = np.stack([table[axis][row, part] + wobble[index][chosen, part] for index, axis in enumerate("xy")])
        own = table["scale"][row, part] * (1 + 2 * wobble[2][chosen, part])
        across, down = place(u[chosen], v[chosen], middle, own, table["turn"][row, part])
        edge, outwards = inside(shapes, table["shape"][row, part].astype(np.int64), across, down)
        pixels = edge * (own * scale[chosen] * (size / 2))[:, None, None]
        swell = np.sqrt(np.clip(1 - outwards * outwards, 0, 1)) * (own * table["height"][row, part])[:, None, None]
        above = (pixels > 0) & (swell + 0.05 * part > height[chosen])
        height[chosen] = np.where(above, swell + 0.05 * part, height[chosen])
        colour[chosen] = np.where(above, table["colour"][row, part][:, None, None], colour[chosen])
        cover[chosen] = np.maximum(cover[chosen], np.clip(pixels + 0.5, 0, 1))
    return cover, _lit(height * (scale * (size / 2))[:, None, None], light), colour


def _lit(height: Array, light: Array) -> Array:
    """Brightness of a surface of this height: diffuse light, what the sky adds, and a highlight."""
    across = np.gradient(height, axis=2)
    down = np.gradient(height, axis=1)
    length = np.sqrt(1 + across * across + down * down)
    facing = (0.75 - 0.66 * (np.cos(light)[:, None, None] * across + np.sin(light)[:, None, None] * down)) / length
    facing = np.clip(facing, 0, None)
    return np.asarray(0.35 + 0.75 * facing + 0.5 * facing**16, np.float32)
