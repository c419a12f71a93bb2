"""Images without end to learn seeing from: 1,000 classes of surfaces, outlines, solids, fractals and signs, drawn
from formulas, in front of all sorts of grounds, under all sorts of light.

Nothing in them was photographed or collected, so they carry nobody's licence, and anybody draws the same ones again:
`draw(count, seed)` is decided by its arguments alone. What makes a class (the corners of a sign, the maps of a
fractal) comes from TABLES_SEED; where it lies, how large, how turned, in which colours and before what, from `seed`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.recipes.image.drawing.fields import OTHERS, Array, draw_fields, grid, surfaces
from assets.recipes.image.drawing.fractals import draw_fractals, systems
from assets.recipes.image.drawing.outlines import draw_outlines, draw_solids, outlines, solids
from assets.recipes.image.drawing.strokes import draw_signs, pieces, signs

FAMILIES = ("surfaces", "outlines", "solids", "fractals", "signs")
PER_FAMILY = 200
CLASSES = PER_FAMILY * len(FAMILIES)
QUALITIES = (
    *("cosine of the turn", "sine of the turn", "size", "place across", "place down", "number"),
    *("light across", "light down", "frequency of the ground", "fullness", "lightness", "contrast"),
)
TABLES_SEED = 1
BATCH = 50  # drawn at once: small enough for the processor's cache

__all__ = ["CLASSES", "FAMILIES", "OTHERS", "QUALITIES", "Drawn", "draw"]


@dataclass(frozen=True)
class Drawn:
    """pixels: (n, size, size, 3). classes: which of CLASSES. qualities: (n, len(QUALITIES)), from -1 to 1."""

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    qualities: Array


def draw(count: int, seed: int, size: int = 80) -> Drawn:
    """`count` images of random classes; the same arguments give the same images."""
    batches = [_batch(min(BATCH, count - start), [seed, start], size) for start in range(0, count, BATCH)]
    return Drawn(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in Drawn.__annotations__))


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return {
        "surfaces": surfaces(PER_FAMILY, TABLES_SEED),
        "outlines": outlines(PER_FAMILY, TABLES_SEED),
        "solids": solids(PER_FAMILY, PER_FAMILY, TABLES_SEED),
        "fractals": systems(PER_FAMILY, TABLES_SEED),
        "signs": signs(PER_FAMILY, TABLES_SEED),
    }


def _batch(count: int, seed: list[int], size: int) -> Drawn:
    random = np.random.default_rng(seed)
    tables = _tables()

    def between(low: float, high: float, *shape: int) -> Array:
        return random.uniform(low, high, shape or (count,)).astype(np.float32)

    classes = random.integers(0, CLASSES, count)
    family, rows = classes // PER_FAMILY, classes % PER_FAMILY
    angle = np.where(family == 4, between(-0.35, 0.35), between(-np.pi, np.pi)).astype(np.float32)
    angle = np.where(random.random(count) < 0.4, angle * 0.2, angle).astype(np.float32)  # many things stand upright
    scale = between(0.4, 1.0)
    at = between(-0.5, 0.5, 2, count) * (1.15 - scale)
    light = between(-np.pi, np.pi)
    copies = np.where(family == 1, random.choice([1, 1, 1, 2, 3, 4], count), 1)

    ground, frequency, fullness = _ground(count, random, size)
    own = np.where(family == 0, rows, random.integers(0, PER_FAMILY, count))
    marks, _ = draw_fields(tables["surfaces"], own, angle, random, size)
    depth = np.where(family == 0, 1, random.choice([0, 0.3, 1], count)).astype(np.float32)[:, None, None]
    marks = marks * depth
    cover, bright = np.zeros((2, count, size, size), np.float32)
    bright += 1
    for number, name in enumerate(FAMILIES):
        (chosen,) = np.nonzero(family == number)
        if not len(chosen):
            continue
        where = (at[:, chosen], scale[chosen], angle[chosen])
        if name == "surfaces":
            cover[chosen] = _window(rows[chosen], where, random, size)
        elif name == "outlines":
            line = np.where(random.random(len(chosen)) < 0.3, random.uniform(0.02, 0.12, len(chosen)), 0)
            cover[chosen] = _several(rows[chosen], where, copies[chosen], line.astype(np.float32), random, size)
        elif name == "solids":
            arguments = (tables["solids"], tables["outlines"], rows[chosen], *where, light[chosen], random, size)
            cover[chosen], bright[chosen], second = draw_solids(*arguments)
            marks[chosen] = 0.3 * marks[chosen] + 0.7 * second
        elif name == "fractals":
            cover[chosen] = draw_fractals(tables["fractals"], rows[chosen], *where, random, size)
        else:
            width = np.exp(random.uniform(np.log(0.015), np.log(0.11), len(chosen))).astype(np.float32)
            cover[chosen] = draw_signs(tables["signs"], rows[chosen], *where, width, random, size)
    colours = _colours(count, random)
    painted = _mixed(colours, marks) * bright[..., None]
    ground = _shadowed(ground, cover, light, random)
    pixels = _finished(ground + cover[..., None] * (painted - ground), light, random)
    grey = pixels.mean(axis=3, dtype=np.float32) / 255
    qualities = np.stack(
        [
            *(np.cos(angle), np.sin(angle), (scale - 0.7) / 0.3, at[0], at[1], (copies - 2.5) / 1.5),
            *(np.cos(light), np.sin(light), np.log(frequency) / 2 - 0.6, fullness),
            *(grey.mean(axis=(1, 2)) * 2 - 1, grey.std(axis=(1, 2)) * 4 - 1),
        ],
        axis=1,
    )
    return Drawn(pixels, classes, np.clip(qualities, -1, 1).astype(np.float32))


def _ground(count: int, random: np.random.Generator, size: int) -> tuple[Array, Array, Array]:
    """What lies behind: one colour, a surface, or many pieces; (pixels, frequency, how many pieces from -1 to 1)."""
    rows = random.integers(0, PER_FAMILY, count)
    angle = random.uniform(-np.pi, np.pi, count).astype(np.float32)
    marks, frequency = draw_fields(_tables()["surfaces"], rows, angle, random, size)
    depth = random.choice(np.array([0, 0, 0.3, 0.6, 1], np.float32), count)
    colours = _colours(count, random)
    ground = _mixed(colours, marks * depth[:, None, None])
    many = np.where(random.random(count) < 0.5, 0, random.geometric(0.04, count).clip(1, 120))
    lying = pieces(many, random, size)
    shades = random.uniform(0.05, 1, (count, 256, 3)).astype(np.float32)
    near = colours[:, random.integers(0, 2, 256)] + random.normal(0, 0.15, (count, 256, 3)).astype(np.float32)
    shades = np.where(random.random((count, 1, 1)) < 0.7, near, shades)
    for number in np.nonzero(many)[0]:
        rough = 1 + 0.5 * (marks[number] - 0.5) * random.integers(0, 2, 256)[lying[number]]
        piece = shades[number][lying[number]] * rough[..., None]
        ground[number] = np.where(lying[number][..., None] > 0, piece, ground[number])
    plain = np.where(depth > 0, frequency, 1.2).astype(np.float32)
    return ground, plain, (np.log1p(many) / 2.4 - 1).astype(np.float32)


def _window(
    rows: NDArray[np.int64], where: tuple[Array, Array, Array], random: np.random.Generator, size: int
) -> Array:
    """A surface fills the image, or is seen on a thing of some outline."""
    shapes = random.integers(0, PER_FAMILY, len(rows))
    cover = draw_outlines(_tables()["outlines"], shapes, *where, np.zeros(len(rows), np.float32), size)
    return np.maximum(cover, (random.random(len(rows)) < 0.5)[:, None, None]).astype(np.float32)


def _several(
    rows: NDArray[np.int64],
    where: tuple[Array, Array, Array],
    copies: NDArray[np.int64],
    line: Array,
    random: np.random.Generator,
    size: int,
) -> Array:
    """The same outline up to four times, smaller the more there are."""
    at, scale, angle = where
    cover = np.zeros((len(rows), size, size), np.float32)
    for copy in range(copies.max()):
        (chosen,) = np.nonzero(copies > copy)
        moved = at[:, chosen] if copy == 0 else random.uniform(-0.75, 0.75, (2, len(chosen))).astype(np.float32)
        smaller = np.asarray(scale[chosen] / np.sqrt(copies[chosen]).astype(np.float32), np.float32)
        drawn = draw_outlines(_tables()["outlines"], rows[chosen], moved, smaller, angle[chosen], line[chosen], size)
        cover[chosen] = np.maximum(cover[chosen], drawn)
    return cover


def _colours(count: int, random: np.random.Generator) -> Array:
    """Two colours an image, (count, 2, 3): anything from pale to strong; often no colour at all, often near black or
    white, as scans and drawings have it."""
    grey = np.sqrt(random.uniform(0, 1, (count, 2, 1)))
    tint = random.normal(0, 0.22, (count, 2, 3)) * random.random((count, 1, 1)) * (random.random((count, 1, 1)) < 0.8)
    extreme = random.random((count, 2, 1))
    grey = np.where(extreme < 0.12, 0.02, np.where(extreme > 0.88, 0.98, grey))
    return np.clip(grey + tint * 1.5, 0, 1).astype(np.float32)


def _mixed(colours: Array, marks: Array) -> Array:
    first, second = colours[:, 0, None, None], colours[:, 1, None, None]
    return first + marks[..., None] * (second - first)


def _shadowed(ground: Array, cover: Array, light: Array, random: np.random.Generator) -> Array:
    """A thing's shadow on the ground, on the side away from the light, in a third of the images."""
    for number in np.nonzero(random.random(len(cover)) < 0.33)[0]:
        far = random.uniform(2, 7)
        moved = (round(far * np.sin(light[number])), round(far * np.cos(light[number])))
        ground[number] *= 1 - 0.5 * np.roll(cover[number], moved, axis=(0, 1))[..., None]
    return ground


def _finished(pixels: Array, light: Array, random: np.random.Generator) -> NDArray[np.uint8]:
    """Light from one side, a soft lens in some images, a grainy film in others, and whole numbers at last."""
    count, size = pixels.shape[:2]
    x, y = grid(size)
    towards = x * np.cos(light)[:, None, None] + y * np.sin(light)[:, None, None]
    strength = np.asarray(random.random(count) ** 2 * 0.6, np.float32)[:, None, None]
    pixels = pixels * (1 - strength * (0.5 + 0.5 * towards))[..., None]
    soft = random.random(count) < 0.3
    pixels[soft] = _softened(pixels[soft])
    grain = np.asarray((random.random(count) < 0.4) * random.uniform(0, 0.08, count), np.float32)
    grainy = np.nonzero(grain)[0]
    noise = random.standard_normal((len(grainy), size, size, 1), np.float32)
    pixels[grainy] += noise * grain[grainy][:, None, None, None]
    return (np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def _softened(pixels: Array) -> Array:
    for axis in (1, 2):
        pixels = (np.roll(pixels, 1, axis) + 2 * pixels + np.roll(pixels, -1, axis)) * np.float32(0.25)
    return pixels
