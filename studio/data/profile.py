"""What a column looks like, in a few numbers: enough to guess which role it plays without reading it again."""

import re
from dataclasses import dataclass

import pandas


@dataclass(frozen=True)
class ColumnProfile:
    """filled: cells that are not empty. distinct: different ones among them. length: their mean, in characters.

    numeric: the share of them that are numbers.
    """

    name: str
    filled: int
    distinct: int
    length: float
    numeric: float
    lists: float = 0.0  # the share that are JSON lists


def profile_columns(table: pandas.DataFrame) -> list[ColumnProfile]:
    return [_profile(str(name), table[name].dropna()) for name in table.columns]


def _profile(name: str, cells: pandas.Series) -> ColumnProfile:
    if cells.empty:
        return ColumnProfile(name, 0, 0, 0.0, 0.0)
    some = cells if len(cells) <= 2000 else cells.iloc[:: len(cells) // 2000]
    numeric = float(pandas.to_numeric(some, errors="coerce").notna().mean())
    lists = float(some.str.fullmatch(r"\s*\[.*\]\s*", flags=re.DOTALL).mean())
    length = round(float(cells.str.len().mean()), 2)
    return ColumnProfile(name, len(cells), int(cells.nunique()), length, round(numeric, 4), round(lists, 4))
