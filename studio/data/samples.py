"""Data that comes with the studio, to try it without bringing any. A sample is one line in `SAMPLES`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio.data.progress import Progress
from studio.data.surfaces import write_surfaces
from studio.registry import Registry


@dataclass(frozen=True)
class Sample:
    """task: the task it is made for. file: below the folder of assets; or make: writes class folders of pictures.

    version: changes with what `make` writes, so that an earlier import is not taken for it.
    """

    name: str
    title: str
    sentence: str
    task: str
    file: str = ""
    make: Callable[[Path, Progress], None] | None = None
    version: str = "1"


DIGITS_PER_CLASS = 90
DIGIT_SIZE = 64
DIGIT_MARGIN = 8


def write_digits(folder: Path, progress: Progress) -> None:
    """Ninety pictures of each digit, from the set that scikit-learn brings (UCI handwritten digits, 8 x 8 grey
    values), enlarged, with a white margin, to 64 x 64."""
    import numpy
    from PIL import Image, ImageOps
    from sklearn.datasets import load_digits

    digits = load_digits()
    for label in range(10):
        progress("Drawing the digits", label, 10)
        chosen = digits.images[digits.target == label][:DIGITS_PER_CLASS]
        target = folder / str(label)
        target.mkdir(parents=True)
        for number, values in enumerate(chosen, start=1):
            grey = (255 - values * (255 / 16)).round().clip(0, 255).astype(numpy.uint8)
            side = DIGIT_SIZE - 2 * DIGIT_MARGIN
            digit = Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC)
            page = ImageOps.expand(digit, DIGIT_MARGIN, fill=255)
            page.save(target / f"{label}-{number:02}.png")


SAMPLES: Registry[Sample] = Registry(
    "sample",
    Sample(
        "support-messages",
        "Support messages",
        "1,200 short messages to a web shop in six classes, with a few rows that need attention.",
        "text-classification",
        file="samples/support_messages.csv",
    ),
    Sample(
        "reviews",
        "Reviews",
        "Praise, complaint or neither: 860 short reviews of all kinds of things, with irony and mixed feelings.",
        "text-classification",
        file="samples/reviews.csv",
    ),
    Sample(
        "handwritten-digits",
        "Handwritten digits",
        "Nine hundred small pictures of the digits 0 to 9.",
        "image-classification",
        make=write_digits,
        version="2",
    ),
    Sample(
        "surface-inspection",
        "Surface inspection",
        "480 pictures of metal, wood and fabric: with a scratch, a dent, a stain, or none of these.",
        "image-classification",
        make=write_surfaces,
    ),
)
