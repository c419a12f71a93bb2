"""Who liked what, in which order: read from a table with a row for each rating, purchase or click."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy
import pandas

from studio.data.numbers import read_number
from studio.data.splitting import row_lots

USER = ("user", "item")  # roles without which nobody liked anything
MOSTLY = 0.9  # of the cells that are filled, for times that can be read
MOST_STARS, GOOD_SHARE = 10, 0.7  # ratings up to so many; at this share of the best one and above they say "liked"


@dataclass(frozen=True)
class Likes:
    """places: of the rows, in the order of time, or at random without any. users, items: of these. timed: which."""

    places: list[int]
    users: list[str]
    items: list[str]
    timed: bool


def likes_in(table: pandas.DataFrame, roles: Mapping[str, str]) -> Likes:
    """The first like of each person for each thing. roles: of "user", "item", "rating" and "time" the column."""
    there = {role: table[name] for role, name in roles.items() if name in table.columns}
    users, items = (there[role].fillna("").str.strip() for role in USER)
    liked = (users != "") & (items != "")
    if "rating" in there:
        numbers = ratings(there["rating"])
        least = least_liked(numbers)
        liked &= numbers >= least if least is not None else numbers > 0
    times = seconds(there["time"]) if "time" in there else None
    numbered = table["row"].to_numpy() if "row" in table else numpy.arange(1, len(table) + 1)
    order = row_lots("order", 0, numbered) if times is None else times.to_numpy()
    ordered = numpy.argsort(order, kind="stable")
    places = ordered[liked.to_numpy(dtype=bool)[ordered]].tolist()
    firsts = pandas.DataFrame({"user": users.iloc[places], "item": items.iloc[places]}).duplicated()
    places = [place for place, again in zip(places, firsts, strict=True) if not again]
    return Likes(places, users.iloc[places].tolist(), items.iloc[places].tolist(), times is not None)


def ratings(cells: pandas.Series) -> pandas.Series:
    return cells.map(lambda cell: read_number(str(cell)) if pandas.notna(cell) else None).astype("float64")


def least_liked(numbers: pandas.Series) -> float | None:
    """The rating from which on a thing counts as liked: 3.5 of 5 stars, 7 of 10. None for 0 and 1, -1 and 1, and counts
    such as plays, where everything above 0 is liked."""
    known = numbers.dropna()
    if known.empty or known.min() < 0 or not 1 < known.max() <= MOST_STARS:
        return None
    return GOOD_SHARE * float(known.max())


def seconds(cells: pandas.Series) -> pandas.Series | None:
    """Numbers that grow with time; empty cells come first. None where they cannot be read."""
    filled = cells.dropna()
    numbers = ratings(cells)
    if len(filled) and numbers.notna().sum() >= MOSTLY * len(filled):
        return numbers.fillna(-numpy.inf)
    times = pandas.to_datetime(cells, errors="coerce", utc=True, format="mixed")
    if len(filled) and times.notna().sum() >= MOSTLY * len(filled):
        return times.map(lambda time: time.timestamp() if pandas.notna(time) else -numpy.inf).astype("float64")
    return None
