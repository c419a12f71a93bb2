"""The materials of the drawn surfaces: four metals, four woods, and the four fabrics of `cloths`.

Each is a function from a random generator to a surface without a flaw. What could be taken for a flaw and is none
(grain, knots, crystals, uneven threads) belongs to the material, and so comes with every class of image.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy

from assets.recipes.surfaces.cloths import denim, felt, knit, linen
from assets.recipes.surfaces.texture import (
    SIZE,
    Colour,
    Field,
    Random,
    Surface,
    any_angle,
    blend,
    laid,
    linear,
    noise,
    scaled,
    step,
    tinted,
    turned,
    varied,
    wander,
)

# --- metal --------------------------------------------------------------------------------------


def brushed_steel(random: Random) -> Surface:
    angle = laid(random)
    fine = noise(random, 250, 0.7, angle, 2.0)
    coarse = noise(random, 100, 4, angle, 2.5)
    warmth = random.uniform(-0.03, 0.04)
    return Surface(
        "metal",
        0.09 * fine + 0.10 * coarse,
        tinted((0.46 + warmth, 0.46, 0.46 - warmth), 1 + 0.07 * fine + 0.05 * coarse),
        angle,
        sheen=random.uniform(0.25, 0.5),
        roughness=(0.16, 0.5),
        under=(0.78, 0.78, 0.78),
        mirror=random.uniform(0.25, 0.5),
        bare=True,
    )


def cast_iron(random: Random) -> Surface:
    size = random.uniform(1.0, 1.8)
    grains = noise(random, size, size, power=4)
    lumps = noise(random, 12, 12, power=3)
    pits = step(-grains, 2.0, 3.2)
    shade = random.uniform(0.08, 0.2)
    colour = tinted((shade, shade, shade * random.uniform(0.95, 1.08)), 1 + 0.10 * grains - 0.4 * pits)
    rust = random.uniform(0, 0.25) * step(lumps, 0, 2.5)
    return Surface(
        "metal",
        0.22 * grains + 0.3 * lumps - 0.4 * pits,
        blend(colour, (shade * 1.3, shade * 0.85, shade * 0.55), rust),
        any_angle(random),
        sheen=random.uniform(0.05, 0.14),
        roughness=(0.4, 0.4),
        under=(0.42, 0.42, 0.42),
        mirror=0.05,
        bare=True,
        softness=0.8,
    )


PAINTS = (
    linear(176, 180, 178),
    linear(60, 92, 130),
    linear(74, 104, 84),
    linear(208, 200, 178),
    linear(140, 60, 52),
    linear(64, 66, 70),
    linear(196, 156, 74),
    linear(120, 140, 150),
)


def painted_sheet(random: Random) -> Surface:
    peel = noise(random, 6, 6, power=5)
    waves = noise(random, 50, 50, power=4)
    paint = varied(random, PAINTS[random.integers(len(PAINTS))])
    dust = step(noise(random, 1.2, 1.2, power=3), 3.3, 4.0)
    return Surface(
        "metal",
        random.uniform(0.04, 0.11) * peel + 0.4 * waves,
        blend(tinted(paint, 1 + 0.015 * peel + 0.02 * waves), (0.6, 0.58, 0.54), 0.3 * dust),
        any_angle(random),
        sheen=random.uniform(0.05, 0.2),
        roughness=(0.16, 0.16),
        under=(0.62, 0.62, 0.6) if sum(paint) < 1.2 else (0.2, 0.2, 0.2),
        mirror=random.uniform(0.05, 0.18),
    )


def galvanised_sheet(random: Random) -> Surface:
    """Zinc, which sets in crystals that each catch the light in their own way."""
    count = int(random.integers(50, 150))
    right, down = turned(0)
    bend = noise(random, 7, 7, power=3) * 1.3
    seeds = random.uniform(-SIZE / 2 - 8, SIZE / 2 + 8, (2, count, 1)).astype(numpy.float32)
    x, y = (right + bend)[::2, ::2].ravel(), (down + bend[::-1])[::2, ::2].ravel()
    crystals = ((x - seeds[0]) ** 2 + (y - seeds[1]) ** 2).argmin(axis=0).reshape(SIZE // 2, SIZE // 2)
    shades = random.standard_normal(count, dtype=numpy.float32)[crystals.repeat(2, axis=0).repeat(2, axis=1)]
    fine = noise(random, 2, 2, power=2.5)
    base = random.uniform(0.3, 0.46)
    return Surface(
        "metal",
        0.06 * fine + 0.25 * noise(random, 35, 35, power=4),
        tinted((base * 0.97, base, base * 1.04), 1 + random.uniform(0.05, 0.13) * shades + 0.04 * fine),
        any_angle(random),
        sheen=random.uniform(0.1, 0.3),
        roughness=(0.35, 0.35),
        under=(0.7, 0.7, 0.7),
        mirror=random.uniform(0.1, 0.3),
        bare=True,
        softness=0.3,
    )


# --- wood ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wood:
    """early and late: the colours of a year's ring; rings: how many pixels it takes; edge: how sharply it ends;
    contrast: how much of the late colour shows. pores: how dark they are. knots: how many of the boards have one."""

    early: Colour
    late: Colour
    rings: tuple[float, float]
    edge: float
    contrast: float
    pores: float
    pore_length: float
    knots: float
    sheen: float


OAK = Wood(linear(190, 154, 108), linear(140, 100, 62), (8, 17), 1.5, 0.55, 0.45, 18, 0.12, 0.07)
PINE = Wood(linear(224, 190, 138), linear(176, 120, 68), (12, 28), 3.0, 0.75, 0.06, 10, 0.35, 0.09)
VENEER = Wood(linear(98, 68, 48), linear(52, 34, 24), (7, 22), 1.2, 0.6, 0.35, 13, 0.1, 0.16)
BEECH = Wood(linear(206, 166, 130), linear(182, 136, 102), (15, 34), 1.0, 0.4, 0.3, 6, 0.05, 0.09)


def wood(kind: Wood, random: Random) -> Surface:
    angle = laid(random)
    along, across = turned(angle)
    heart, end = random.uniform(-140, 140), random.uniform(-170, 170)
    far = numpy.hypot(across - heart, (along - end) * random.uniform(0.05, 0.22))
    years = far / random.uniform(*kind.rings) + noise(random, 130, 25, angle, 3.5) * random.uniform(0.2, 0.6)
    knot = numpy.zeros_like(along)
    if random.random() < kind.knots:
        years, knot = _knot(random, along, across, years)
    wave = 2 * math.pi * years
    ring = (0.5 + 0.5 * numpy.sin(wave + 0.7 * numpy.sin(wave))) ** kind.edge
    ring *= 0.75 + 0.25 * wander(random, years, 3.0)
    fibres = noise(random, 60, 0.7, angle, 2.0)
    pores = step(noise(random, kind.pore_length, 0.8, angle, 2.5) + 0.8 * (ring - 0.5), 1.3, 2.4)
    brightness = 1 + 0.05 * fibres + 0.05 * noise(random, 100, 30, angle, 3.0) - kind.pores * pores
    early, late = (varied(random, colour, 0.05, 0.1) for colour in (kind.early, kind.late))
    colour = tinted(early, brightness)
    colour = blend(colour, tinted(late, brightness), kind.contrast * ring)
    return Surface(
        "wood",
        0.08 * fibres + 0.15 * ring - 0.4 * pores + 0.25 * noise(random, 40, 40, power=4),
        blend(colour, scaled(late, 0.5), 0.75 * knot),
        angle,
        sheen=kind.sheen * random.uniform(0.4, 1.5),
        roughness=(0.24, 0.34),
        under=scaled(kind.early, 1.45, 0.05),
        mirror=kind.sheen * random.uniform(0.1, 0.5),
        softness=0.5,
    )


def _knot(random: Random, along: Field, across: Field, years: Field) -> tuple[Field, Field]:
    """Where a branch was: the rings of the board flow around it, and it has rings of its own."""
    size = random.uniform(6, 13)
    middle_along, middle_across = random.uniform(-65, 65), random.uniform(-65, 65)
    away = numpy.hypot((along - middle_along) / 1.35, across - middle_across) / size
    away = away * (1 + 0.08 * noise(random, 12, 12, power=3))
    years = years + random.choice([-1, 1]).item() * 1.6 * numpy.exp(-((away / 1.8) ** 2))
    inside = step(-away, -1.15, -0.85)
    years = years * (1 - inside) + inside * away * random.uniform(2.5, 4)
    return years, inside * (0.55 + 0.45 * step(away, 0.5, 1.0))


MATERIALS: dict[str, Callable[[Random], Surface]] = {
    "brushed steel": brushed_steel,
    "cast iron": cast_iron,
    "painted sheet": painted_sheet,
    "galvanised sheet": galvanised_sheet,
    "oak": partial(wood, OAK),
    "pine": partial(wood, PINE),
    "dark veneer": partial(wood, VENEER),
    "beech": partial(wood, BEECH),
    "linen": linen,
    "denim": denim,
    "felt": felt,
    "knit": knit,
}
