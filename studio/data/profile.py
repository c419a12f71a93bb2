"""What a column looks like, in a few numbers: enough to guess which role it plays without reading it again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas

from studio.data.label_columns import separator_of
from studio.data.numbers import read_number

CELLS_SEEN = 2000
MOSTLY_LISTS = 0.9
LONGEST_LABELS = 200  # characters of a cell on average; longer ones are texts
SHORTEST, SPREAD, LONGEST_SAMPLE = 3, 8, 20_000
FEWEST_SIGNS = 4
_NO_LANGUAGE = re.compile(
    r"(https?://|www\.|ftp:|data:|file:)\S*|[\w.+-]+@[\w.-]+|([A-Za-z]:)?[\w.\- ]*[/\\]\S*|[\w-]*\d[\w-]*",
    re.IGNORECASE,
)
_LIST = r"\s*(\[.*\]|\{.*\})\s*"  # or an object with a list in it


@dataclass(frozen=True)
class ColumnProfile:
    """filled: cells that are not empty. distinct: different ones among them. length: their mean, in characters.

    numeric: the share of them that are numbers. counts_rows: they are whole numbers, each one more than the last.
    lists: the share that are lists (or objects), as JSON. separator: what stands between several labels in a cell, if
    the cells look so. samples: of a column of lists or of several labels, a few that are not empty.
    language: the share that reads like language, not like a link, a path, an id or a code. binary: all are 0 or 1.
    """

    name: str
    filled: int
    distinct: int
    length: float
    numeric: float
    lists: float = 0.0
    counts_rows: bool = False
    samples: Sequence[str] = ()
    language: float = 1.0
    binary: bool = False
    separator: str = ""


def profile_columns(table: pandas.DataFrame) -> list[ColumnProfile]:
    return [_profile(str(name), table[name].dropna()) for name in table.columns]


def _profile(name: str, cells: pandas.Series) -> ColumnProfile:
    if cells.empty:
        return ColumnProfile(name, 0, 0, 0.0, 0.0)
    some = cells if len(cells) <= CELLS_SEEN else cells.iloc[:: len(cells) // CELLS_SEEN]
    numeric = float(some.map(_is_number).mean())
    lists = float(some.str.fullmatch(_LIST, flags=re.DOTALL).mean())
    length = round(float(cells.str.len().mean()), 2)
    may_separate = numeric < 0.5 and lists < 0.5 and length < LONGEST_LABELS
    separator = separator_of(some) if may_separate else ""
    samples = _samples(some) if lists > MOSTLY_LISTS else ()
    return ColumnProfile(
        name,
        len(cells),
        int(cells.nunique()),
        length,
        round(numeric, 4),
        round(lists, 4),
        numeric == 1.0 and _counts(cells),
        _separated(some, separator) if separator else samples,
        round(float(some.map(reads_like_language).mean()), 4),
        set(cells.unique()) == {"0", "1"} or set(cells.str.lower().unique()) == {"true", "false"},
        separator,
    )


def reads_like_language(cell: str) -> bool:
    """Words of letters, or a run of signs of a script without blanks; no link, path, id, date or code."""
    if _NO_LANGUAGE.fullmatch(cell.strip()):
        return False
    letters = sum(letter.isalpha() for letter in cell)
    if sum(letter >= "\u0e00" and letter.isalpha() for letter in cell) >= FEWEST_SIGNS:
        return True
    filled = len("".join(cell.split()))
    return letters * 2 > filled and sum(word[0].isalpha() for word in cell.split()) >= 2


def _is_number(cell: str) -> bool:
    """One number: digits with blanks between them may as well be a text."""
    return len(cell.split()) == 1 and read_number(cell) is not None


def _counts(cells: pandas.Series) -> bool:
    """Whether the cells number the rows: 0, 1, 2, ..."""
    steps = pandas.to_numeric(cells, errors="coerce").diff().iloc[1:]
    return len(steps) > 1 and bool((steps == 1).all())


def _separated(cells: pandas.Series, separator: str) -> tuple[str, ...]:
    """A few that hold several labels."""
    return tuple(cell for cell in cells.unique() if separator in cell.strip(separator + " "))[:SHORTEST]


def _samples(cells: pandas.Series) -> tuple[str, ...]:
    """Different ones that hold something: the shortest, the shortest with several entries, and some of any length."""
    filled = [cell for cell in cells.unique() if len("".join(cell.split())) > len("[]") and len(cell) <= LONGEST_SAMPLE]
    ranked = sorted(filled, key=len)
    several = [cell for cell in ranked if "," in cell][:1]
    return tuple(dict.fromkeys([*ranked[:SHORTEST], *several, *ranked[:: len(ranked) // SPREAD + 1]]))
