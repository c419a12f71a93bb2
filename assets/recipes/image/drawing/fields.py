"""Surfaces as formulas: stripes, tiles, rings, cells, noise, each a number between 0 and 1 for every point.

A surface is one row of a table of numbers (its kind, its frequency, ...), so that a batch of different surfaces is
drawn with a few array operations: one group of rows for each kind.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
TAU = np.float32(2 * np.pi)
OTHERS = 3  # numbers between 0 and 1 that each kind reads in its own way


def grid(size: int) -> tuple[Array, Array]:
    """x to the right and y downwards, from -1 to 1."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1).astype(np.float32)
    return np.broadcast_to(line, (size, size)), np.broadcast_to(line[:, None], (size, size))


def turned(x: Array, y: Array, angle: Array) -> tuple[Array, Array]:
    """Coordinates for each of many images, each turned by its own angle."""
    cosine, sine = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    return x * cosine + y * sine, y * cosine - x * sine


def noise(random: np.random.Generator, slope: Array, stretch: Array, size: int) -> Array:
    """Random clouds, mean 0 and deviation 1, whose detail falls off with frequency to the power of -slope;
    `stretch` above 1 draws them out sideways, into fur and scratches."""
    count = len(slope)
    down = (np.fft.fftfreq(size) * size).astype(np.float32)[:, None]
    across = (np.fft.rfftfreq(size) * size).astype(np.float32)
    stretch = stretch[:, None, None]
    distance = np.sqrt((across * stretch) ** 2 + (down / stretch) ** 2) + np.float32(0.5)
    weight = np.exp(np.log(distance) * -slope[:, None, None])
    weight[:, 0, 0] = 0
    shape = (count, size, size // 2 + 1)
    phases = random.standard_normal(shape, np.float32) + 1j * random.standard_normal(shape, np.float32)
    clouds = np.fft.irfft2(phases * weight, s=(size, size)).astype(np.float32)
    return np.asarray(clouds / (clouds.std(axis=(1, 2), keepdims=True) + 1e-9), np.float32)


def _wave(value: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.sin(TAU * value), np.float32)


def _stripes(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return _wave(u + more[0] * 0.3 * clouds)


def _waves(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return _wave(u + (0.2 + 0.6 * more[0]) * np.sin(TAU * v * (0.3 + 0.7 * more[1])))


def _checks(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(0.5 + 0.5 * np.sin(TAU * u) * np.sin(TAU * v * (0.5 + more[0])), np.float32)


def _plaid(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(0.5 * _wave(u) + 0.5 * _wave(v * (0.4 + 1.2 * more[0])), np.float32)


def _rings(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return _wave(np.hypot(u, v * (0.5 + more[0])) + 0.15 * more[1] * clouds)


def _spiral(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return _wave(np.hypot(u, v) + np.round(1 + 4 * more[0]) * np.arctan2(v, u) / TAU)


def _rays(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return _wave(np.round(3 + 12 * more[0]) * np.arctan2(v, u) / TAU + 0.2 * more[1] * np.hypot(u, v))


def _dots(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    side = np.floor(v) % 2 * np.round(more[0]) * 0.5
    across, down = u + side - np.floor(u + side) - 0.5, v - np.floor(v) - 0.5
    return np.asarray(np.clip((0.2 + 0.25 * more[1] - np.hypot(across, down)) * 8, 0, 1), np.float32)


def _bricks(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    row = np.floor(v)
    across = u * (0.4 + 0.5 * more[0]) + row % 2 * 0.5
    joint = np.minimum(across - np.floor(across), v - row)
    shade = np.sin(np.floor(across) * 12.9 + row * 78.2) * 0.25 * more[1]
    return np.asarray(np.clip((joint - 0.08) * 12, 0, 0.75) + shade, np.float32)


def _lattice(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    """Three to seven waves that cross: hexagons and quasi-crystals."""
    waves = np.round(3 + 4 * more[0])
    total = np.zeros_like(u)
    for number in range(7):
        angle = np.pi * number / waves
        total += np.where(number < waves, np.cos(TAU * (u * np.cos(angle) + v * np.sin(angle))), 0)
    return np.asarray(0.5 + 0.5 * total / waves, np.float32)


def _cells(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    """How much nearer the nearest of a few scattered points is than the next: pebbles, scales, cracked earth."""
    reach = np.abs(u).max(axis=(1, 2))
    first = np.full_like(u, 1e6)
    second = first.copy()
    for number in range(12):  # scattered evenly by the golden ratio, then pushed by the surface's own numbers
        x = ((number * 0.618 + more[0][:, 0, 0]) % 1 * 2 - 1) * reach
        y = ((number * 0.755 + more[1][:, 0, 0]) % 1 * 2 - 1) * reach
        distance = (u - x[:, None, None]) ** 2 + (v - y[:, None, None]) ** 2
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    first, second = np.sqrt(first), np.sqrt(second)
    return np.where(more[2] > 0.5, (second - first) / (second + 1e-6) * 1.5, 1 - first / (second + 1e-6))


def _clouds(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(0.5 + 0.22 * clouds, np.float32)


def _patches(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(np.clip((clouds + more[0] - 0.5) * 6 + 0.5, 0, 1), np.float32)


def _marble(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(1 - np.abs(np.sin(TAU * (0.5 * u + (0.2 + 0.4 * more[0]) * clouds))), np.float32)


def _ridges(u: Array, v: Array, clouds: Array, more: Array) -> Array:
    return np.asarray(np.exp(-np.abs(clouds) * (2 + 4 * more[0])), np.float32)


Formula = Callable[[Array, Array, Array, Array], Array]
KINDS: tuple[Formula, ...] = (
    *(_stripes, _waves, _checks, _plaid, _rings, _spiral, _rays, _dots, _bricks, _lattice),
    *(_cells, _clouds, _patches, _marble, _ridges),
)


def surfaces(count: int, seed: int) -> dict[str, Array]:
    """The table of surfaces: kind, frequency, slope and stretch of the noise, contrast at edges, other numbers."""
    random = np.random.default_rng([seed, 1])
    return {
        "kind": (np.arange(count) % len(KINDS)).astype(np.float32),
        "frequency": np.exp(random.uniform(np.log(1.2), np.log(9), count)).astype(np.float32),
        "slope": random.uniform(0.7, 2.3, count).astype(np.float32),
        "stretch": np.exp(random.exponential(0.4, count)).astype(np.float32),
        "sharpness": random.choice(np.array([0, 0, 1, 3, 8], np.float32), count),
        "more": random.random((count, OTHERS), np.float32),
    }


def draw_fields(
    table: dict[str, Array], rows: NDArray[np.int64], angle: Array, random: np.random.Generator, size: int
) -> tuple[Array, Array]:
    """(values between 0 and 1, the frequency that was drawn) of these surfaces, turned by `angle`, moved at random."""
    x, y = grid(size)
    frequency = table["frequency"][rows] * np.exp(random.uniform(-0.2, 0.2, len(rows))).astype(np.float32)
    shift = random.uniform(-0.7, 0.7, (2, len(rows), 1, 1)).astype(np.float32)
    u, v = turned(x + shift[0], y + shift[1], angle)
    scale = np.asarray(frequency / 2, np.float32)[:, None, None]
    u, v = np.asarray(u * scale, np.float32), np.asarray(v * scale, np.float32)
    clouds = noise(random, table["slope"][rows], table["stretch"][rows], size)
    values = np.empty((len(rows), size, size), np.float32)
    kinds = table["kind"][rows].astype(int)
    for kind in np.unique(kinds):
        chosen = kinds == kind
        more = table["more"][rows[chosen]].T[:, :, None, None]
        values[chosen] = KINDS[kind](u[chosen], v[chosen], clouds[chosen], more)
    sharpness = table["sharpness"][rows][:, None, None]
    return np.asarray(np.clip((values - 0.5) * (1 + sharpness) + 0.5, 0, 1), np.float32), frequency
