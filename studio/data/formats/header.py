"""Telling whether the first row of a table is a header or data: by comparing it with what stands below it."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from studio.data.column_names import KNOWN_NAMES
from studio.data.guesses import Guess, Topic, guess
from studio.data.numbers import read_number
from studio.language import _

NAMES, DATA = True, False
TOPIC = Topic(
    "header",
    _("First row"),
    "data.reading.header",
    lambda holds: _("It names the columns") if holds else _("It is data"),
)
FEW = 6  # rows; with fewer, what comes again says little
_NAME = re.compile(r"[^\W\d][\w .:/()#%&?*-]{0,59}")
_CODED = re.compile(r"[^\W\d]\w*_\w+|[a-z]+[A-Z]\w*")  # created_at, createdAt
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
_LINK = re.compile(r"(https?://|www\.|[\w.+-]+@\w+\.).*", re.IGNORECASE)


@dataclass(frozen=True)
class Compared:
    """A cell of the first row, and the filled cells below it."""

    first: str
    below: Sequence[str]

    @cached_property
    def lengths(self) -> list[int]:
        return sorted(len(cell) for cell in self.below)

    @cached_property
    def distinct(self) -> set[str]:
        return set(self.below)

    def share(self, holds: Callable[[str], bool]) -> float:
        """Of the cells below for which this holds."""
        return sum(map(holds, self.below)) / len(self.below) if self.below else 0.0


def _comes_again(pair: Compared) -> float:
    return float(pair.first in pair.distinct)


def _another_type(pair: Compared) -> float:
    """Numbers, dates or links stand below, and the first cell is none."""
    return (
        max(pair.share(is_one) if not is_one(pair.first) else 0.0 for is_one in (_is_number, _is_date, _is_link)) > 0.8
    )


def _same_type(pair: Compared) -> float:
    return max(float(is_one(pair.first)) for is_one in (_is_number, _is_date, _is_link))


def _short_above_long(pair: Compared) -> float:
    """A word or two above sentences."""
    if len(pair.below) < 2 or median(pair.lengths) < 20:
        return 0.0
    return float(len(pair.first) < 0.5 * pair.lengths[len(pair.lengths) // 20])


def _as_long(pair: Compared) -> float:
    """A sentence above sentences."""
    if len(pair.below) < 2 or median(pair.lengths) < 20 or len(pair.first.split()) < 4:
        return 0.0
    return float(len(pair.first) >= pair.lengths[len(pair.lengths) // 20])


def _classes_below(pair: Compared) -> float:
    """A few values come again and again, and the first cell is none of them."""
    if len(pair.below) < FEW or len(pair.distinct) * 2 > len(pair.below) or pair.first in pair.distinct:
        return 0.0
    once = sum(pair.below.count(value) == 1 for value in pair.distinct) / len(pair.distinct)
    return 1.0 - once


def _longer_than_classes(pair: Compared) -> float:
    """A question above short answers: "How satisfied are you?" above yes and no."""
    return float(len(pair.below) >= FEW and len(pair.first) > 15 and len(pair.first) > 1.5 * pair.lengths[-1])


def _reads_alike(pair: Compared) -> float:
    """Several words above several words, unless the first alone asks a question, as in what forms export."""
    if len(pair.first.split()) < 3 or not pair.below or median(len(cell.split()) for cell in pair.below) < 3:
        return 0.0
    return float(not pair.first.endswith("?") or pair.share(lambda cell: cell.endswith("?")) > 0.1)


def _ends_a_sentence(pair: Compared) -> float:
    return float(pair.first[-1] in ".!\u2026\u3002" and (len(pair.first.split()) > 2 or len(pair.first) > 20))


def _looks_like_a_name(pair: Compared) -> float:
    return float(bool(_NAME.fullmatch(pair.first)) and len(pair.first.split()) <= 4 and pair.first[-1] not in "?")


def _is_coded(pair: Compared) -> float:
    return float(bool(_CODED.fullmatch(pair.first))) - pair.share(lambda cell: bool(_CODED.fullmatch(cell)))


def _is_known(pair: Compared) -> float:
    words = {pair.first.casefold(), *re.split(r"[\W_]+", pair.first.casefold())}
    return float(len(pair.first) <= 30 and bool(words & KNOWN_NAMES))


# evidence -> how much it speaks for a header (as the logarithm of odds)
EVIDENCE: tuple[tuple[Callable[[Compared], float], float], ...] = (
    (_comes_again, -6.0),
    (_another_type, 3.0),
    (_same_type, -3.0),
    (_short_above_long, 2.0),
    (_as_long, -2.5),
    (_reads_alike, -1.5),
    (_classes_below, 1.5),
    (_longer_than_classes, 1.5),
    (_ends_a_sentence, -2.0),
    (_looks_like_a_name, 0.7),
    (_is_coded, 1.5),
    (_is_known, 2.0),
)
TWICE = -3.0  # the same cell twice in the first row


def looks_like_header(records: Sequence[Sequence[str]]) -> bool:
    return bool(guess_header(records).value)


def guess_header(records: Sequence[Sequence[str]]) -> Guess:
    """Evidence of all columns added up."""
    first = [cell.strip() for cell in records[0]] if records else []
    named = [cell for cell in first if cell]
    if not records:
        return guess(TOPIC, [NAMES, DATA], 1.0, "")
    odds = TWICE * (len(named) - len({cell.casefold() for cell in named})) + (0.0 if named else -9.0)
    for position, cell in enumerate(first):
        if cell:
            below = [record[position].strip() for record in records[1:] if len(record) > position]
            pair = Compared(cell, [each for each in below if each])
            odds += sum(weight * look(pair) for look, weight in EVIDENCE)
    holds = odds > 0
    sure = 1 / (1 + math.exp(-min(abs(odds), 50.0)))
    shown = " | ".join(named)[:100]
    told = (
        _(
            "The first row ({cells}) is taken for the names of the columns; it could also be the other way.",
            cells=shown,
        )
        if holds
        else _(
            "The first row ({cells}) is taken for data, so the columns have no names; it could also be the other way.",
            cells=shown,
        )
    )
    return guess(TOPIC, [holds, not holds], sure, told)


def _is_number(cell: str) -> bool:
    return read_number(cell) is not None


def _is_date(cell: str) -> bool:
    return bool(_DATE.fullmatch(cell))


def _is_link(cell: str) -> bool:
    return bool(_LINK.fullmatch(cell))
