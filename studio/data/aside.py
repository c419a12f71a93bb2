"""Columns of a table that a model should not read: those that number or name the rows, and those that say what is to
be found out. They are left out unless somebody chooses otherwise."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas

from studio.data.column_names import is_called_an_id
from studio.data.columns import Column, Problem, require_column
from studio.data.fields.record import is_told
from studio.data.numbers import read_number
from studio.data.profile import ColumnProfile
from studio.language import _

FEWEST_ROWS = 20  # with fewer, two columns may well agree by chance
FEWEST_SHUFFLED = 50  # rows that are numbered in another order than that of the file
OFTEN = 0.2  # of the rows at least have a value of their own in a column that is called an id, such as one of visits
MANY = 50
CELLS_COMPARED = 2000
CONVERTED = 0.9999  # correlation of the same amount in two units
YEARS = (1800, 2100)
_CODE = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|[0-9a-f]{16,}"  # UUIDs, checksums
    r"|[^\W\d_]{1,12}[-_/#.]?\d+([-_/#.]\w+)*"  # A-1003, pat_17
    r"|[\w.+-]+@[\w.-]+|https?://\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Aside:
    """A column, and why it should not be read. answers: it says what is to be found out."""

    column: str
    why: str
    answers: bool = False


def columns_aside(
    table: pandas.DataFrame,
    profiles: Sequence[ColumnProfile],
    roles: Mapping[str, str],
    columns: Sequence[Column],
    chosen: Sequence[str] | None,
) -> tuple[tuple[str, ...], list[Problem]]:
    """The columns that a task that reads whole rows does not read, and what is said of them.

    roles: the task's column -> that of the file. chosen: those to leave out, or None for the ones that are found.
    """
    for name in chosen or ():
        require_column(name, [profile.name for profile in profiles])
    target = next((column for column in columns if column.name in roles), None)
    found = find_aside(table, profiles, roles, target)
    names = [each.column for each in found] if chosen is None else chosen
    left_out = tuple(name for name in dict.fromkeys(names) if name not in roles.values())
    return left_out, told_aside(found, left_out)


def find_aside(
    table: pandas.DataFrame, profiles: Sequence[ColumnProfile], roles: Mapping[str, str], target: Column | None
) -> list[Aside]:
    """Of the columns that have no role. target: what is learned."""
    found = []
    for profile in profiles:
        name, cells = profile.name, table[profile.name]
        if name in roles.values() or not profile.filled or not is_told(name, cells):
            continue
        if target is not None and says_the_same(cells, table[roles[target.name]], target.kind):
            why = _("It says the same as '{column}', which is to be learned.", column=roles[target.name])
            found.append(Aside(name, why, answers=True))
        elif numbers_rows(profile, cells):
            found.append(Aside(name, _("It only numbers or names the rows, which teaches nothing about new ones.")))
    return found


def told_aside(found: Sequence[Aside], left_out: Sequence[str]) -> list[Problem]:
    """What is left out, with the reason, and what gives the answer away and is read all the same."""
    reasons: Mapping[str, Aside] = {each.column: each for each in found}
    told = [
        (_("The column '{column}' is left out.", column=name), reasons[name].why if name in reasons else
         _("Your choice."), name)
        for name in left_out
    ]  # fmt: skip
    told += [
        (_("The column '{column}' gives the answer away.", column=each.column), each.why, each.column)
        for each in found
        if each.answers and each.column not in left_out
    ]
    return [Problem(0, what, why, drops=False, column=name) for what, why, name in told]


def numbers_rows(profile: ColumnProfile, cells: pandas.Series) -> bool:
    """Whether each row has a value of its own there that only tells it from the others."""
    is_named = is_called_an_id(profile.name)
    if profile.distinct < profile.filled:
        return is_named and profile.distinct > max(MANY, OFTEN * profile.filled)
    if profile.filled < 2:
        return False
    some = cells.dropna()
    if profile.numeric == 1.0:
        numbers = pandas.to_numeric(some, errors="coerce")
        if numbers.isna().any() or (numbers % 1 != 0).any():
            return False
        low, high = numbers.min(), numbers.max()
        in_a_row = high - low + 1 == len(numbers) and (profile.counts_rows or len(numbers) >= FEWEST_SHUFFLED)
        return is_named or (bool(in_a_row) and not (YEARS[0] <= low and high <= YEARS[1]))
    if is_named and profile.language < 0.5:
        return True
    return len(some) >= FEWEST_ROWS and all(_CODE.fullmatch(cell.strip()) for cell in some)


def says_the_same(cells: pandas.Series, answers: pandas.Series, kind: str) -> bool:
    """Whether each value there stands for one answer, and each answer for one value; of numbers, whether they are
    the same amount, perhaps in another unit."""
    both = pandas.DataFrame({"cell": cells, "answer": answers}).dropna()
    if len(both) < FEWEST_ROWS:
        return False
    some = both if len(both) <= CELLS_COMPARED else both.iloc[:: len(both) // CELLS_COMPARED]
    if kind == "number":
        pairs = some.map(read_number).astype("float64").dropna()
        if len(pairs) >= 0.9 * len(some):
            varied = pairs["cell"].nunique() > 2 and pairs["answer"].nunique() > 2
            return varied and abs(float(numpy.corrcoef(pairs["cell"], pairs["answer"])[0, 1])) >= CONVERTED
    return _one_to_one(some) and _one_to_one(both)


def _one_to_one(both: pandas.DataFrame) -> bool:
    values, answers = both["cell"].nunique(), both["answer"].nunique()
    return 2 <= values == answers <= len(both) / 2 and len(both.drop_duplicates()) == values
