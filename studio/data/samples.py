"""Data that comes with the studio, to try it with. A sample is a file in assets/samples and an entry here."""

from dataclasses import dataclass
from pathlib import Path

from studio.language import _
from studio.paths import assets
from studio.registry import Registry


@dataclass(frozen=True)
class Sample:
    """words: what it is, with the place {rows}. task: the task it is made for. file: its name in assets/samples, read
    like any uploaded file.

    rows, letters: how many examples it has, and how long what the model reads of one is on average; 0 for images and
    recordings.
    """

    name: str
    title: str
    words: str
    task: str
    file: str
    rows: int
    letters: float = 0.0

    @property
    def sentence(self) -> str:
        return _(self.words, rows=self.rows)

    @property
    def path(self) -> Path:
        return assets() / "samples" / self.file


SAMPLES: Registry[Sample] = Registry(
    "sample",
    Sample(
        "support-messages",
        _("Support messages"),
        _("{rows:,} short messages to a web shop in six classes, with a few rows that need attention."),
        "text-classification",
        "support_messages.csv",
        rows=1242,
        letters=84,
    ),
    Sample(
        "reviews",
        _("Reviews"),
        _("{rows:,} short reviews of many things: praise, complaint or neither, with irony and mixed feelings."),
        "text-classification",
        "reviews.csv",
        rows=866,
        letters=73,
    ),
    Sample(
        "handwritten-digits",
        _("Handwritten digits"),
        _("{rows:,} small images of the digits 0 to 9."),
        "image-classification",
        "handwritten_digits.zip",
        rows=900,
    ),
    Sample(
        "surface-inspection",
        _("Surface inspection"),
        _("{rows:,} images of metal, wood and fabric: with a scratch, a dent, a stain, or none of these."),
        "image-classification",
        "surface_inspection.zip",
        rows=480,
    ),
    Sample(
        "orders",
        _("Orders"),
        _("{rows:,} sentences in which people order things: the product, the quantity and the day are marked."),
        "token-classification",
        "orders.jsonl",
        rows=447,
        letters=69,
    ),
    Sample(
        "phrases",
        _("Phrases"),
        _("{rows:,} phrases of everyday travel in English, each with the same in French."),
        "search",
        "phrases.csv",
        rows=1725,
        letters=35,
    ),
    Sample(
        "house-style",
        _("House style"),
        _("{rows:,} questions, and how the keeper of a small lighthouse museum answers them."),
        "chat",
        "house_style.jsonl",
        rows=334,
        letters=204,
    ),
    Sample(
        "machine-sounds",
        _("Machine sounds"),
        _("{rows:,} recordings of a motor that runs well, or has a worn bearing, a slipping belt or a loose part."),
        "audio-classification",
        "machine_sounds.zip",
        rows=160,
    ),
    Sample(
        "dishes",
        _("Dishes"),
        _("{rows:,} times that a guest liked a dish, and when: what will they like next?"),
        "recommendation",
        "dishes.csv",
        rows=3109,
        letters=34,
    ),
)
