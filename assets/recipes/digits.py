"""The sample Handwritten digits: ninety images of each digit, from the set that comes with scikit-learn.

    python -m assets.recipes.digits [--to assets/samples/handwritten_digits.zip]

The set (UCI Optical Recognition of Handwritten Digits, 8 x 8 grey values) is enlarged to 64 x 64, with a white margin.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy
from PIL import Image, ImageOps
from sklearn.datasets import load_digits

from assets.recipes.packing import asked_for, pack

SAMPLE = Path("assets/samples/handwritten_digits.zip")
PER_CLASS = 90
SIZE = 64
MARGIN = 8


def draw_digits() -> Iterator[tuple[str, bytes]]:
    """(DIGIT/DIGIT-NN.png, its content), class by class."""
    digits = load_digits()
    for label in range(10):
        for number, values in enumerate(digits.images[digits.target == label][:PER_CLASS], start=1):
            yield f"{label}/{label}-{number:02}.png", draw_digit(values)


def draw_digit(values: numpy.ndarray) -> bytes:
    """A PNG of one digit; values: 8 x 8, from 0 (paper) to 16 (ink)."""
    grey = (255 - values * (255 / 16)).round().clip(0, 255).astype(numpy.uint8)
    side = SIZE - 2 * MARGIN
    digit = Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    ImageOps.expand(digit, MARGIN, fill=255).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    pack(draw_digits(), asked_for(__doc__, SAMPLE))


if __name__ == "__main__":
    main()
