"""What good parts have, too, and what is easily taken for a flaw: seams, joints, tool marks, stitches."""

import math
from collections.abc import Callable

import numpy

from assets.recipes.surfaces.texture import SIZE, Random, Surface, any_angle, blend, noise, step, turned, wander

SHARE = 0.25
"""How many of the surfaces have one."""


def with_detail(surface: Surface, random: Random) -> Surface:
    """Now and then one of what the kind of material can have."""
    if random.random() < SHARE:
        choices = DETAILS[surface.kind]
        surface = choices[random.integers(len(choices))](surface, random)
    return surface


def _anywhere(random: Random) -> float:
    return random.uniform(-0.42, 0.42) * SIZE


def panel_seam(surface: Surface, random: Random) -> Surface:
    """Two sheets side by side: a dark gap from edge to edge; the second may lie deeper and be of another shade."""
    _, across = turned(any_angle(random), 0, _anywhere(random))
    wide = random.uniform(0.8, 1.8)
    gap = numpy.exp(-((across / wide) ** 4))
    beyond = step(across, -1, 1)
    surface.height = surface.height - 1.6 * gap - random.uniform(0, 0.8) * beyond
    surface.colour = surface.colour * (1 - 0.7 * gap) * (1 + random.uniform(-0.12, 0.12) * beyond)
    return surface


def milling(surface: Surface, random: Random) -> Surface:
    """Fine arcs that a tool left, all over."""
    along, across = turned(0, random.uniform(-250, 250), random.choice([-1, 1]).item() * random.uniform(120, 300))
    far = numpy.hypot(along, across)
    arcs = numpy.sin(far * (2 * math.pi / random.uniform(4, 8)) + 0.8 * wander(random, far, 40))
    arcs *= 0.6 + 0.4 * noise(random, 40, 40, power=3)
    surface.height = surface.height + random.uniform(0.04, 0.12) * arcs
    surface.colour = surface.colour * (1 + 0.03 * arcs)
    return surface


def weld(surface: Surface, random: Random) -> Surface:
    """A bead with its ripples, and the colours of heat beside it."""
    along, across = turned(any_angle(random), 0, _anywhere(random))
    across = across + 1.2 * wander(random, along, 50)
    wide = random.uniform(4, 8)
    bead = numpy.sqrt(numpy.clip(1 - (across / wide) ** 2, 0, None))
    ripples = numpy.sin((along + 0.06 * across * across) * (2 * math.pi / random.uniform(4, 7)))
    surface.height = surface.height + bead * (0.28 * wide + 0.25 * ripples)
    heat = numpy.exp(-((numpy.abs(across) - 1.5 * wide) ** 2) / (0.4 * wide * wide))
    surface.colour = blend(surface.colour * (1 - 0.15 * bead), surface.colour * 0.75, 0.6 * heat)
    return surface


def board_joint(surface: Surface, random: Random) -> Surface:
    """Two boards glued together along the grain: another piece of wood from here on."""
    _, across = turned(surface.grain, 0, _anywhere(random))
    line = numpy.exp(-((across / random.uniform(0.5, 1.1)) ** 2))
    beyond = step(across, -0.7, 0.7)
    shift = int(random.integers(30, SIZE - 30))
    other = numpy.roll(surface.colour, shift, axis=1 + int(random.integers(2))) * random.uniform(0.8, 1.2)
    surface.colour = blend(surface.colour, other, beyond) * (1 - random.uniform(0.2, 0.6) * line)
    surface.height = surface.height - random.uniform(0.1, 0.7) * line
    return surface


def streak(surface: Surface, random: Random) -> Surface:
    """A dark vein of minerals, along the grain."""
    along, across = turned(surface.grain, _anywhere(random), _anywhere(random))
    across = across + 1.2 * wander(random, along, 160)
    length, wide = random.uniform(60, 160), random.uniform(0.8, 3.0)
    vein = numpy.exp(-((across / wide) ** 2) - (along / length) ** 4)
    surface.colour = surface.colour * (1 - random.uniform(0.2, 0.45) * vein)
    return surface


def saw_marks(surface: Surface, random: Random) -> Surface:
    """Faint ripples across the grain, all over."""
    along, across = turned(surface.grain + random.normal(0, 0.1))
    waves = numpy.sin((along + 0.002 * across * across) * (2 * math.pi / random.uniform(6, 14)))
    surface.height = surface.height + random.uniform(0.05, 0.16) * waves * (0.6 + 0.4 * noise(random, 40, 40, power=3))
    return surface


def stitches(surface: Surface, random: Random) -> Surface:
    """A sewn seam: the cloth rises to a fold, and a thread of another shade goes in and out."""
    along, across = turned(any_angle(random), 0, _anywhere(random))
    across = across + 0.5 * wander(random, along, 70)
    pace = random.uniform(8, 13)
    thread = numpy.sqrt(numpy.clip(numpy.sin(along * (2 * math.pi / pace)) + 0.35, 0, 1))
    thread = thread * numpy.exp(-((across / random.uniform(1.1, 1.7)) ** 4))
    fold = step(across, 3, 9)
    surface.height = surface.height + 1.6 * thread + 1.8 * fold - 1.1 * numpy.exp(-((across / 3.5) ** 2))
    shade = random.choice([0.35, 2.2]).item()
    surface.colour = blend(surface.colour, numpy.clip(surface.colour * shade + 0.05, 0, 0.8), 0.8 * thread)
    return surface


def thick_thread(surface: Surface, random: Random) -> Surface:
    """One thread thicker and of a lighter or darker yarn, from edge to edge, with the weave."""
    _, across = turned(surface.grain + random.choice([0, math.pi / 2]).item(), _anywhere(random), _anywhere(random))
    line = numpy.exp(-((across / random.uniform(1.2, 2.2)) ** 2))
    surface.height = surface.height + 0.5 * line
    surface.colour = surface.colour * (1 + random.choice([-1, 1]).item() * random.uniform(0.12, 0.25) * line)
    return surface


def crease(surface: Surface, random: Random) -> Surface:
    """A soft fold from edge to edge."""
    along, across = turned(any_angle(random), 0, _anywhere(random))
    across = across + 4 * wander(random, along, 120)
    surface.height = surface.height + random.uniform(1.2, 3.5) * numpy.exp(-((across / random.uniform(4, 10)) ** 2))
    return surface


DETAILS: dict[str, tuple[Callable[[Surface, Random], Surface], ...]] = {
    "metal": (panel_seam, milling, weld),
    "wood": (board_joint, streak, saw_marks),
    "cloth": (stitches, thick_thread, crease),
}
