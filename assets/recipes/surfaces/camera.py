"""An image of a surface as a camera takes it: a lamp, a room, a lens, a sensor; each a little different every time."""

import math
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter1d, uniform_filter

from assets.recipes.surfaces.texture import SIZE, Field, Random, Surface, any_angle, step, turned

IMAGE_SIZE = 128


def photograph(surface: Surface, random: Random) -> NDArray[Any]:
    """Red, green and blue of every pixel, 0 to 255."""
    return develop(expose(light(surface, random), random), random)


def _rgb(red: float, green: float, blue: float) -> Field:
    return numpy.array([red, green, blue], dtype=numpy.float32)[:, None, None]


def light(surface: Surface, random: Random) -> Field:
    """How much red, green and blue light comes from each point."""
    right, down = turned(0)
    right, down = right / SIZE, down / SIZE
    slope_down, slope_right = numpy.gradient(surface.height)
    upright = 1 / numpy.sqrt(1 + slope_right**2 + slope_down**2)

    turn, lift, far = random.uniform(0, 2 * math.pi), random.uniform(0.4, 0.95), random.uniform(1.1, 3.0)
    up = far * math.sin(lift)
    to_right = far * math.cos(turn) * math.cos(lift) - right
    to_down = far * math.sin(turn) * math.cos(lift) - down
    distance = numpy.sqrt(to_right**2 + to_down**2 + up**2)
    facing = numpy.clip((up - slope_right * to_right - slope_down * to_down) * upright / distance, 0, None)
    lamp = (far / distance) ** 2 * _shadow(random)

    # Whatever lies lower than its surroundings gets less of the light of the room.
    low = surface.height - uniform_filter(surface.height, 13)
    room = random.uniform(0.15, 0.4) * numpy.clip(1 + 0.12 * low, 0.5, 1.15)

    # The lamp shows where a point is tilted half way between the lamp and the eye.
    eye = random.uniform(1.6, 2.6)
    eye_distance = numpy.sqrt(right**2 + down**2 + eye**2)
    half_up = up / distance + eye / eye_distance
    tilt_right = (to_right / distance - right / eye_distance) / half_up + slope_right
    tilt_down = (to_down / distance - down / eye_distance) / half_up + slope_down
    cosine, sine = math.cos(surface.grain), math.sin(surface.grain)
    with_grain = (tilt_right * cosine + tilt_down * sine) / surface.roughness[0]
    over_grain = (tilt_down * cosine - tilt_right * sine) / surface.roughness[1]
    shine = numpy.exp(-(with_grain**2) - over_grain**2) * (surface.sheen / sum(surface.roughness))

    seen = _windows(random, right / eye + 2 * slope_right, down / eye + 2 * slope_down)
    glow = (shine * lamp + surface.mirror * seen)[None]
    if surface.bare:
        glow = glow * (0.35 + surface.colour)
    warm, cool = random.normal(0, 0.07), random.normal(0.03, 0.05)
    lamp_colour, room_colour = _rgb(1 + warm, 1, 1 - 1.3 * warm), _rgb(1 - cool, 1, 1 + 1.2 * cool)
    return surface.colour * (lamp * facing * lamp_colour + room * room_colour) + glow


def _shadow(random: Random) -> Field | float:
    """Now and then something out of the image keeps a part of the lamp's light away, with a soft edge."""
    if random.random() > 0.25:
        return 1.0
    along, _ = turned(random.uniform(0, 2 * math.pi))
    middle, soft = random.uniform(-60, 60), random.uniform(12, 50)
    return 1 - random.uniform(0.2, 0.6) * step(along, middle - soft, middle + soft)


def _windows(random: Random, right: Field, down: Field) -> Field:
    """The room as a mirror shows it: bright areas with soft edges on a ground that is not even."""
    turn = any_angle(random)
    along = right * math.cos(turn) + down * math.sin(turn)
    seen = 0.2 + random.normal(0, 0.25) * along
    for _ in range(int(random.integers(1, 4))):
        middle, wide, soft = random.uniform(-0.6, 0.6), random.uniform(0.08, 0.3), random.uniform(0.05, 0.2)
        seen = seen + random.uniform(0.2, 0.8) * step(-numpy.abs(along - middle), -wide - soft, -wide + soft)
    return numpy.clip(seen, 0, None)


def expose(scene: Field, random: Random) -> Field:
    """What falls on the sensor: the lens blurs a little and darkens the corners."""
    blur = random.uniform(0.3, 0.95)
    scene = gaussian_filter1d(gaussian_filter1d(scene, blur, axis=1), blur, axis=2)
    right, down = turned(0, random.uniform(-12, 12), random.uniform(-12, 12))
    scene = scene * (1 - random.uniform(0.05, 0.4) * (right**2 + down**2) / (SIZE * SIZE / 2))
    size = (IMAGE_SIZE, IMAGE_SIZE)
    small = [Image.fromarray(part.astype(numpy.float32)).resize(size, Image.Resampling.BICUBIC) for part in scene]
    return numpy.clip(numpy.stack([numpy.asarray(part) for part in small]), 0, None)


def develop(taken: Field, random: Random) -> NDArray[Any]:
    """From light to an image: exposure, white balance, the sensor's noise, contrast."""
    # A camera evens out how dark things are, but not wholly: dark wood stays darker than pine.
    taken = taken * (random.uniform(0.38, 0.66) / float(taken.mean()) ** 0.6)
    taken = taken * _rgb(random.normal(1, 0.03), 1, random.normal(1, 0.04))
    taken = taken * (1 + taken / 6) / (1 + taken * 0.55)
    grain = random.standard_normal(taken.shape, dtype=numpy.float32)
    grain = grain + 0.7 * grain.mean(axis=0)
    taken = taken + random.uniform(0.005, 0.02) * grain * numpy.sqrt(taken + 0.02)
    shown = numpy.clip(taken, 0, 1) ** (1 / 2.2)
    shown = shown + random.uniform(0.2, 0.7) * (shown * shown * (3 - 2 * shown) - shown)
    return numpy.round(numpy.clip(shown, 0, 1) * 255).astype(numpy.uint8).transpose(1, 2, 0)
