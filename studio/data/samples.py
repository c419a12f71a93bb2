"""Data that comes with the studio, to try it with. A sample is a file and one line in `SAMPLES`."""

from dataclasses import dataclass
from pathlib import Path

from studio.paths import assets
from studio.registry import Registry


@dataclass(frozen=True)
class Sample:
    """task: the task it is made for. file: its name in assets/samples, read like any uploaded file."""

    name: str
    title: str
    sentence: str
    task: str
    file: str

    @property
    def path(self) -> Path:
        return assets() / "samples" / self.file


SAMPLES: Registry[Sample] = Registry(
    "sample",
    Sample(
        "support-messages",
        "Support messages",
        "1,200 short messages to a web shop in six classes, with a few rows that need attention.",
        "text-classification",
        "support_messages.csv",
    ),
    Sample(
        "reviews",
        "Reviews",
        "Praise, complaint or neither: 860 short reviews of all kinds of things, with irony and mixed feelings.",
        "text-classification",
        "reviews.csv",
    ),
    Sample(
        "handwritten-digits",
        "Handwritten digits",
        "Nine hundred small images of the digits 0 to 9.",
        "image-classification",
        "handwritten_digits.zip",
    ),
    Sample(
        "surface-inspection",
        "Surface inspection",
        "480 images of metal, wood and fabric: with a scratch, a dent, a stain, or none of these.",
        "image-classification",
        "surface_inspection.zip",
    ),
)
