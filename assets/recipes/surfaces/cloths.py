"""The fabrics of the drawn surfaces: two that are woven, one that is felted, one that is knitted."""

import math

import numpy
from PIL import Image, ImageDraw

from assets.recipes.surfaces.texture import (
    SIZE,
    Colour,
    Field,
    Random,
    Surface,
    any_angle,
    laid,
    linear,
    noise,
    scaled,
    tinted,
    turned,
    varied,
)

DYES = (
    linear(186, 174, 150),
    linear(120, 130, 138),
    linear(98, 110, 86),
    linear(134, 78, 70),
    linear(74, 84, 110),
    linear(200, 193, 180),
    linear(84, 78, 76),
    linear(164, 132, 82),
)


def dyed(random: Random) -> Colour:
    return varied(random, DYES[random.integers(len(DYES))])


def _cloth(random: Random, angle: float, height: Field, colour: Field, under: Colour, softness: float) -> Surface:
    folds = noise(random, 60, 38, any_angle(random), 4.5) * random.uniform(0.3, 2.0)
    return Surface("cloth", height + folds, colour, angle, 0.03, (0.7, 0.7), under, softness=softness)


def _threads(random: Random, angle: float, width: float) -> tuple[Field, Field]:
    """Pixels as numbers of threads, not quite straight and not quite evenly apart."""
    along, across = turned(angle)
    drift = 0.25 * noise(random, 50, 50, power=4)
    first = along / width + 0.14 * noise(random, 10, 120, angle, 2.5) + drift
    second = across / width + 0.14 * noise(random, 120, 10, angle, 2.5) - drift
    return first, second


def _per_thread(random: Random, threads: Field) -> Field:
    return random.standard_normal(128, dtype=numpy.float32)[threads.astype(numpy.int32) % 128]


def _round(position: Field) -> Field:
    """The profile of a thread across its width."""
    return numpy.sqrt(numpy.abs(numpy.sin(math.pi * position)))


def linen(random: Random) -> Surface:
    return _woven(random, dyed(random), None, random.uniform(3.4, 5.0), 2, 1)


def denim(random: Random) -> Surface:
    blue = varied(random, linear(58, 76, 108), 0.12)
    return _woven(random, blue, varied(random, linear(100, 114, 136)), random.uniform(2.8, 4.0), 3, 2)


def _woven(random: Random, warp: Colour, weft: Colour | None, width: float, repeat: int, over: int) -> Surface:
    """Threads one way lie over `over` of every `repeat` threads the other way: 1 of 2 is plain cloth, 2 of 3 twill."""
    angle = laid(random)
    first, second = _threads(random, angle, width)
    column, row = numpy.floor(first), numpy.floor(second)
    on_top = numpy.mod(column + row, repeat) < over
    round_first, round_second = _round(first), _round(second)
    profile = numpy.where(
        on_top, round_first * (0.6 + 0.4 * round_second), round_second * (0.6 + 0.4 * round_first) - 0.1
    )
    uneven = numpy.where(on_top, _per_thread(random, column), _per_thread(random, row))
    fibres = noise(random, 1.3, 1.3, power=2.5)
    slubs = noise(random, 25, 2.2, angle + random.choice([0, math.pi / 2]).item(), 3.0)
    brightness = (0.6 + 0.45 * profile) * (1 + 0.08 * uneven + 0.08 * fibres + 0.07 * slubs)
    colour = tinted(warp, brightness)
    if weft is not None:
        colour = numpy.where(on_top, colour, tinted(weft, brightness))
    under = scaled(weft or warp, 1.5, 0.14)
    return _cloth(random, angle, 0.55 * profile + 0.08 * fibres + 0.1 * slubs, colour, under, 0.8)


def felt(random: Random) -> Surface:
    """Short curled fibres, pressed together in no order."""
    drawn = Image.new("L", (SIZE, SIZE), 110)
    pen = ImageDraw.Draw(drawn)
    count = 800
    steps = numpy.linspace(-1, 1, 5, dtype=numpy.float32)
    angle, curl = random.uniform(0, math.pi, (count, 1)), random.normal(0, 0.9, (count, 1))
    reach = random.uniform(3, 11, (count, 1)) * steps
    turn = angle + curl * steps
    right = random.uniform(0, SIZE, (count, 1)) + reach * numpy.cos(turn)
    down = random.uniform(0, SIZE, (count, 1)) + reach * numpy.sin(turn)
    shades = numpy.clip(random.normal(110, 42, count), 0, 255).astype(int).tolist()
    for path, shade in zip(numpy.stack([right, down], axis=-1).reshape(count, -1).tolist(), shades, strict=True):
        pen.line(path, fill=shade)
    fibres = (numpy.asarray(drawn, dtype=numpy.float32) - 110) / 42
    tufts = noise(random, 6, 6, power=3)
    dye = dyed(random)
    colour = tinted(dye, 1 + 0.11 * fibres + 0.07 * tufts + 0.05 * noise(random, 1, 1, power=2))
    return _cloth(random, any_angle(random), 0.16 * fibres + 0.4 * tufts, colour, scaled(dye, 0.4), 1.0)


def knit(random: Random) -> Surface:
    """Columns of stitches, each a V."""
    angle = laid(random)
    first, second = _threads(random, angle, random.uniform(6.5, 9.5))
    column = numpy.floor(first)
    side = numpy.abs(first - column - 0.5) * 2
    stitch = 1.35 * second + 0.75 * side
    profile = _round(stitch) * (1 - (2 * side - 1) ** 4)
    fibres = noise(random, 1.4, 1.4, power=2.2)
    uneven = _per_thread(random, column) + _per_thread(random, numpy.floor(stitch))
    dye = dyed(random)
    colour = tinted(dye, (0.55 + 0.5 * profile) * (1 + 0.04 * uneven + 0.10 * fibres))
    return _cloth(random, angle, 1.0 * profile + 0.12 * fibres, colour, scaled(dye, 1.7, 0.2), 0.9)
