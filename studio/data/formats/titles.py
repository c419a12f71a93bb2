"""Telling what stands above a table: a title, who made the file and when, and blank rows before the names."""

from collections.abc import Sequence
from itertools import takewhile

from studio.data.column_names import KNOWN_NAMES
from studio.data.columns import Problem
from studio.data.guesses import Guess, Topic, guess
from studio.language import _, plural

MOST_SKIPPED = 20
SKIP = Topic(
    "skip",
    _("Lines before the table"),
    "data.reading.skip",
    lambda count: _("Skip {count}", count=count) if count else _("Skip none"),
)


def titles_above(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows stand above a table of this width, as spreadsheets save them: as wide as the table, but with
    words in the first cells alone, and followed by a row that names every column."""
    above = len(list(takewhile(lambda row: _is_title(row, width), rows[:MOST_SKIPPED])))
    below = rows[above] if above < len(rows) else []
    return above if sum(bool(cell.strip()) for cell in below[:width]) >= max(width - 1, 2) else 0


def _is_title(row: Sequence[str], width: int) -> bool:
    cells = [cell.strip() for cell in row]
    filled = len(list(takewhile(bool, cells)))
    alone = not any(cells[filled:]) and filled <= max(1, width // 3)
    return alone and not any(cell.casefold() in KNOWN_NAMES for cell in cells[:filled])


def taken_for_title(count: int, first: str, sure: float) -> Guess:
    """first: what the first of these lines says; nothing where they are blank."""
    told = plural(
        "{n} line is taken for something that stands above the table ('{first}').",
        "{n} lines are taken for something that stands above the table ('{first}').",
        count,
        first=first[:60],
    )
    return guess(SKIP, [count, 0], sure, told) if count else guess(SKIP, [0], 1.0, "")


def skipped(count: int) -> Problem:
    told = plural("{n} line above the table is skipped.", "{n} lines above the table are skipped.", count)
    return Problem(0, told, drops=False)
