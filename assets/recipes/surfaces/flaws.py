"""The flaws of the drawn surfaces: a scratch, a dent or a stain on any material, from faint to plain."""

import math
from collections.abc import Callable

import numpy
from scipy.ndimage import uniform_filter

from assets.recipes.surfaces.texture import (
    SIZE,
    Colour,
    Field,
    Random,
    Surface,
    any_angle,
    blend,
    linear,
    noise,
    step,
    turned,
    wander,
)

REACH = 0.22
"""How far from the middle a flaw may lie, as a part of the image."""


def _place(random: Random) -> tuple[float, float]:
    return random.uniform(-REACH, REACH) * SIZE, random.uniform(-REACH, REACH) * SIZE


def _plainness(random: Random) -> float:
    """One flaw in ten is faint, and hard to tell for people, too."""
    return random.uniform(0.4, 0.6) if random.random() < 0.1 else 1.0


def scratch(surface: Surface, random: Random) -> Surface:
    """A groove, sometimes two or three beside each other: pressed in, thrown up at its edges, its ground laid bare."""
    right, down = _place(random)
    # One that runs with the grain is not to be told from it.
    angle = surface.grain + random.choice([-1, 1]).item() * random.uniform(0.35, math.pi / 2)
    length, width = random.uniform(60, 150), random.uniform(0.9, 2.0) * (1 + 0.5 * surface.softness)
    bow, strength = random.normal(0, 0.0018), random.uniform(0.6, 1.0) * _plainness(random)
    strokes = random.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]).item()
    apart = random.choice([-1, 1]).item() * random.uniform(3.5, 9)
    for number in range(strokes):
        along, across = turned(angle + random.normal(0, 0.04) * number, right, down)
        along = along + number * random.normal(0, 8)
        across = across - number * apart - bow * along * along - random.uniform(0.1, 0.6) * wander(random, along, 45)
        ends = step(-numpy.abs(along), -length / 2, -length / 2 + random.uniform(4, 18))
        pressure = ends * numpy.clip(0.8 + 0.4 * wander(random, along, 26), 0.2, 1.2)
        groove = numpy.exp(-((across / width) ** 2)) * pressure
        burr = numpy.exp(-(((numpy.abs(across) - 1.9 * width) / width) ** 2)) * pressure
        surface.height = surface.height - strength * width * (0.8 * groove - 0.18 * burr)
        surface.colour = blend(surface.colour, surface.under, numpy.clip(0.8 * strength * groove, 0, 1))
    return surface


def dent(surface: Surface, random: Random) -> Surface:
    """A hollow with a rim; the texture inside it is pressed flat, more or less."""
    right, down = _place(random)
    long = random.uniform(17, 36)
    narrow = long * random.uniform(0.55, 1.0)
    along, across = turned(any_angle(random), right, down)
    away = numpy.hypot(along / long, across / narrow) * (1 + 0.12 * noise(random, 22, 22, power=3.5))
    hollow = numpy.exp(-(away ** (2 * random.uniform(1.0, 1.9))))
    rim = numpy.exp(-(((away - 1.35) / 0.28) ** 2))
    give = surface.softness
    depth = narrow * random.uniform(0.26, 0.44) * (1 + 1.2 * give) * _plainness(random)
    flat = min(1.0, give) * random.uniform(0.5, 0.95) * hollow
    surface.height = surface.height + flat * (uniform_filter(surface.height, 7) - surface.height)
    surface.height = surface.height - depth * (hollow - 0.10 * rim)
    surface.colour = surface.colour * (1 - random.uniform(0.0, 0.08) * (1 + give) * hollow)
    return surface


SPILLS: tuple[Colour, ...] = (
    linear(120, 78, 40),
    linear(70, 56, 40),
    linear(150, 84, 40),
    linear(50, 60, 92),
    linear(92, 96, 62),
    linear(104, 54, 54),
    linear(84, 84, 84),
)


def stain(surface: Surface, random: Random) -> Surface:
    """Something spilt and dried: uneven, often darker at its edge, drawn out along the grain; or bleached."""
    right, down = _place(random)
    size, draw = random.uniform(18, 36), random.uniform(1.0, 1.6)
    along, across = turned(surface.grain, right, down)
    ragged = noise(random, 12 * draw, 10, surface.grain, random.uniform(2.0, 2.8))
    away = numpy.hypot(along / draw, across) / size + random.uniform(0.12, 0.26) * ragged
    away = _with_drops(random, away, along, across, size)
    soft = random.uniform(0.05, 0.22)
    cover = step(-away, -1 - soft, -1 + soft)
    patchy = numpy.roll(ragged, (SIZE // 2, SIZE // 3), axis=(0, 1))
    edge = numpy.exp(-(((away - 1 + soft * 0.6) / 0.13) ** 2)) * numpy.clip(0.7 + 0.6 * patchy, 0, 1)
    amount = random.uniform(0.5, 0.95) * (1 + 0.25 * patchy) + random.choice([0.0, 0.35, 0.7]).item() * edge
    amount = numpy.clip(cover * amount, 0, 1) * _plainness(random)
    if random.random() < 0.2 and not surface.bare:  # what bleaches does not show on metal
        surface.colour = blend(surface.colour, numpy.clip(surface.colour * 1.5 + 0.12, 0, 0.9), 0.75 * amount)
    else:
        spill = numpy.asarray(SPILLS[random.integers(len(SPILLS))], dtype=numpy.float32)
        let_through = (spill / spill.max()) ** random.uniform(0.3, 0.75) * random.uniform(0.22, 0.55)
        surface.colour = surface.colour * let_through[:, None, None] ** amount
    surface.sheen, surface.mirror = surface.sheen * (1 - 0.6 * amount), surface.mirror * (1 - 0.6 * amount)
    return surface


def _with_drops(random: Random, away: Field, along: Field, across: Field, size: float) -> Field:
    """Now and then a few drops beside the stain."""
    if random.random() < 0.6:
        for _ in range(int(random.integers(1, 5))):
            turn, far = random.uniform(0, 2 * math.pi), size * random.uniform(1.4, 2.2)
            drop = numpy.hypot(along - far * math.cos(turn), across - far * math.sin(turn))
            away = numpy.minimum(away, drop / random.uniform(1.5, 4.5))
    return away


def none(surface: Surface, random: Random) -> Surface:
    """A good part."""
    return surface


FLAWS: dict[str, Callable[[Surface, Random], Surface]] = {
    "dent": dent,
    "none": none,
    "scratch": scratch,
    "stain": stain,
}
