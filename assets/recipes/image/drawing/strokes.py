"""What is drawn with a pen: signs of a few strokes, as writing has them, and pieces that cover each other."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from assets.recipes.image.drawing.fields import Array

STROKES, CORNERS, POINTS = 4, 4, 13
_STEP = np.linspace(0, 1, POINTS)[:, None]
_BEZIER = np.hstack([(1 - _STEP) ** 3, 3 * _STEP * (1 - _STEP) ** 2, 3 * _STEP**2 * (1 - _STEP), _STEP**3])
_FINER = 2  # signs are drawn this much larger, then shrunk, for soft edges


def signs(count: int, seed: int) -> Array:
    """The table of signs, (count, STROKES, CORNERS, 2): the points of Bezier curves; strokes that are not there are
    not numbers. Strokes begin and end on a coarse raster, and half of them where the last one ended, as in letters."""
    random = np.random.default_rng([seed, 5])
    raster = np.array([-0.8, -0.4, 0, 0.4, 0.8])
    corners = random.choice(raster, (count, STROKES, CORNERS, 2)) * np.array([0.75, 1])
    straight = random.random((count, STROKES)) < 0.4
    for part in (1, 2):
        between = corners[:, :, 0] + (corners[:, :, 3] - corners[:, :, 0]) * (part / 3)
        bent = corners[:, :, part] * 1.4
        corners[:, :, part] = np.where(straight[..., None], between, bent)
    joined = random.random((count, STROKES)) < 0.5
    for number in range(1, STROKES):
        corners[joined[:, number], number, 0] = corners[joined[:, number], number - 1, 3]
    corners[np.arange(STROKES) >= random.integers(1, STROKES + 1, count)[:, None]] = np.nan
    return np.asarray(corners, np.float32)


def draw_signs(
    table: Array,
    rows: NDArray[np.int64],
    at: Array,
    scale: Array,
    angle: Array,
    width: Array,
    random: np.random.Generator,
    size: int,
) -> Array:
    """How much of each point a sign covers, 0 to 1; every hand writes it a little differently."""
    corners = table[rows] + random.normal(0, 0.07, (len(rows), STROKES, CORNERS, 2))
    slant = random.normal(0, 0.2, len(rows))[:, None, None, None]
    corners = np.concatenate([corners[..., :1] + slant * corners[..., 1:], corners[..., 1:]], axis=3)
    points = _BEZIER @ corners
    cosine, sine = (function(angle)[:, None, None] for function in (np.cos, np.sin))
    sizes = scale[:, None, None]
    across = (points[..., 0] * cosine - points[..., 1] * sine) * sizes + at[0][:, None, None]
    down = (points[..., 0] * sine + points[..., 1] * cosine) * sizes + at[1][:, None, None]
    fine = size * _FINER
    pixels = (np.stack([across, down], axis=-1) + 1) * (fine / 2)
    covers = np.empty((len(rows), size, size), np.float32)
    for number, strokes in enumerate(pixels):
        page = Image.new("L", (fine, fine))
        pen = ImageDraw.Draw(page)
        thick = max(1, round(float(width[number]) * fine))
        for stroke in strokes:
            if math.isnan(stroke[0, 0]):
                continue
            pen.line(stroke.ravel().tolist(), fill=255, width=thick, joint="curve")
            if thick > 3:
                for x, y in (stroke[0], stroke[-1]):
                    pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
        covers[number] = np.asarray(page.reduce(_FINER), np.float32) / 255
    return covers


def pieces(many: NDArray[np.int64], random: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """Images of numbers: 0 where nothing lies, else which of `many` pieces (up to 255) lies on top there. Few pieces
    are large and many are small, as leaves on a floor are (a dead leaves model)."""
    maps = np.zeros((len(many), size, size), np.uint8)
    for number, amount in enumerate(many):
        if not amount:
            continue
        page = Image.new("L", (size, size))
        pen = ImageDraw.Draw(page)
        middles = random.uniform(-0.1, 1.1, (amount, 2)) * size
        reach = np.sort(random.pareto(1.6, amount) * 0.04 + 0.03)[::-1].clip(None, 0.6) * size
        kinds = random.integers(0, 4, amount)
        numbers = random.random((amount, 8))
        for piece in range(amount):
            (x, y), radius, fill = middles[piece], reach[piece], piece + 1
            if kinds[piece] == 0:
                flat = 0.4 + 0.6 * numbers[piece, 0]
                pen.ellipse((x - radius, y - radius * flat, x + radius, y + radius * flat), fill=fill)
            elif kinds[piece] == 1:
                turn = numbers[piece, 0] * math.tau
                across, down = 2 * radius * math.cos(turn), 2 * radius * math.sin(turn)
                pen.line(
                    (x - across, y - down, x + across, y + down),
                    fill=fill,
                    width=1 + int(numbers[piece, 1] * 0.2 * size * 0.25),
                )
            else:
                corners = 3 + int(numbers[piece, 0] * 4)
                turns = (np.arange(corners) + 0.7 * numbers[piece, 1 : corners + 1]) * (math.tau / corners)
                outline = np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1)
                pen.polygon(outline.ravel().tolist(), fill=fill)
        maps[number] = np.asarray(page)
    return maps
