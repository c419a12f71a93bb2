"""What a drawn surface is made of: its relief, its colour and its shine, and the random fields that they grow from."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy
from numpy.typing import NDArray
from scipy import fft

Field = NDArray[Any]
"""One value a pixel, or three: red, green and blue in front."""
Colour = tuple[float, float, float]
Random = numpy.random.Generator

SIZE = 160
"""Surfaces are drawn larger than their images, so that fine grain is averaged as a lens would do it."""


@dataclass
class Surface:
    """height: in pixels. colour: red, green and blue of every pixel, as amounts of light. grain: the angle in which
    fibres, brushing or threads run.

    sheen: how much of the lamp it shows; roughness: how blurred, along and across the grain; mirror: how much of the
    room it shows; bare: whether what it shows takes its colour, as on metal without paint. under: what a scratch lays
    bare. softness: how far it gives way: dents go deeper and press more of the texture flat.
    """

    kind: Literal["metal", "wood", "cloth"]
    height: Field
    colour: Field
    grain: float
    sheen: Field | float
    roughness: tuple[float, float]
    under: Colour
    mirror: Field | float = 0.0
    bare: bool = False
    softness: float = 0.0


def linear(red: int, green: int, blue: int) -> Colour:
    """A colour as people write it, as amounts of light."""
    return (red / 255) ** 2.2, (green / 255) ** 2.2, (blue / 255) ** 2.2


def scaled(colour: Colour, factor: float, more: float = 0.0) -> Colour:
    """A colour lighter or darker."""
    red, green, blue = (min(1.0, part * factor + more) for part in colour)
    return red, green, blue


def varied(random: Random, colour: Colour, spread: float = 0.1, light: float = 0.25) -> Colour:
    """A colour much like another: each part by itself, and all of them lighter or darker."""
    factor = random.uniform(1 - light, 1 + light)
    red, green, blue = (part * factor * random.uniform(1 - spread, 1 + spread) for part in colour)
    return red, green, blue


def any_angle(random: Random) -> float:
    return random.uniform(0, math.pi)


def laid(random: Random) -> float:
    """The angle of a part below a camera: they are laid there much the same way, but not quite."""
    return random.normal(0, 0.2)


@cache
def _pixels() -> tuple[Field, Field]:
    steps = numpy.arange(SIZE, dtype=numpy.float32) - (SIZE - 1) / 2
    down, right = numpy.meshgrid(steps, steps, indexing="ij")
    return right, down


def turned(angle: float, right: float = 0.0, down: float = 0.0) -> tuple[Field, Field]:
    """How far each pixel lies along and across a line through a point (from the middle) at an angle."""
    x, y = _pixels()
    x, y = x - right, y - down
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


@cache
def _frequencies() -> tuple[Field, Field]:
    down = fft.fftfreq(SIZE)[:, None] * 2 * math.pi
    right = fft.rfftfreq(SIZE)[None, :] * 2 * math.pi
    return right.astype(numpy.float32), down.astype(numpy.float32)


def noise(random: Random, along: float, across: float, angle: float = 0.0, power: float = 3.0) -> Field:
    """A random field without a pattern, mean 0 and spread 1, that changes over so many pixels along and across an
    angle. A higher power leaves less of what is finer than that."""
    right, down = _frequencies()
    cosine, sine = math.cos(angle), math.sin(angle)
    first = right * (cosine * along) + down * (sine * along)
    second = down * (cosine * across) - right * (sine * across)
    strength = (1 + first * first + second * second) ** (-power / 2)
    # Sums of so many waves are normally distributed whatever their sizes are; even ones are drawn fastest.
    waves = (random.random((*strength.shape, 2), dtype=numpy.float32) - 0.5).view(numpy.complex64)[..., 0]
    waves *= strength
    waves[0, 0] = 0
    field: Field = fft.irfft2(waves, s=(SIZE, SIZE), overwrite_x=True)
    return field / float(field.std())


def wander(random: Random, where: Field, length: float) -> Field:
    """A smooth random curve over `where`, about -1 to 1, that turns about once every `length`."""
    total = numpy.zeros_like(where)
    for share in (0.7, 0.4, 0.25):
        wave = 2 * math.pi / (length * random.uniform(0.9, 2.4) * share)
        total += share * numpy.sin(where * wave + random.uniform(0, 2 * math.pi))
    return total


def step(values: Field, low: float, high: float) -> Field:
    """From 0 at low to 1 at high, without corners."""
    part = numpy.clip((values - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


def tinted(colour: Colour, brightness: Field) -> Field:
    """One colour, brighter and darker."""
    return numpy.asarray(colour, dtype=numpy.float32)[:, None, None] * brightness


def blend(base: Field, other: Field | Colour, amount: Field) -> Field:
    """A colour drawn over another."""
    over = numpy.asarray(other, dtype=numpy.float32)
    return base + ((over if over.ndim == 3 else over[:, None, None]) - base) * amount
