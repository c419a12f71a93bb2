"""A number: a price, a score, a duration."""

from collections.abc import Iterator
from pathlib import Path

import pandas

from studio.data.column_names import is_called_an_id
from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.numbers import read_number
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

LARGEST = 3.4028234e38  # single precision, in which models compute
GROUPS = 5  # of equal size, from small to large, of which every split gets its share


class Number(Field):
    name = "number"
    examples = ("5", "1", "4")
    missing = _("The number is missing.")
    bring = {
        "text": _("Add a column with a number in each row."),
        "image": _("Put a table that names image and number into the ZIP."),
    }
    example = "1.5"

    def parse(self, cell: str, files: Path | None) -> float:
        value = read_number(cell)
        if value is None:
            raise StudioError(
                _("'{cell}' is not a number.", cell=cell),
                _("Digits are expected, such as 12 or 3.5."),
                _("Correct it."),
            )
        return value

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Cells that are no numbers, or too large for a model, and a column in which all numbers are the same."""
        numbers = cells.map(read_number).astype("float64")
        for row, cell in cells[numbers.isna()].items():
            what = _("'{cell}' is not a number.", cell=str(cell)[:40])
            yield Problem(int(str(row)), what, _("Digits are expected, such as 12 or 3.5."), column=column.name)
        for row, cell in cells[numbers.abs() > LARGEST].items():
            why = _("Models compute with numbers up to about 3.4e38 either way. Correct it, or use a larger unit.")
            yield Problem(int(str(row)), _("'{cell}' is too large.", cell=str(cell)[:40]), why, column=column.name)
        numbers = numbers[numbers.abs() <= LARGEST]
        if len(numbers) > 1 and numbers.nunique() == 1:
            why = _("Every row is {number:g}; there is nothing to learn.", number=numbers.iloc[0] + 0.0)
            yield Problem(0, _("Only one number"), why, drops=False, column=column.name)

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Numbers, and many different ones: a few may be classes, and those that count the rows say nothing."""
        if profile.numeric < 0.9:
            return 0.0
        if profile.counts_rows or is_called_an_id(profile.name):
            return 1.0
        return 5.0 + 10.0 * profile.distinct / profile.filled

    def summary(self, cells: pandas.Series) -> str:
        """From the smallest to the largest, and the mean."""
        numbers = cells.map(read_number).astype("float64").dropna()
        if numbers.empty:
            return ""
        return _(
            "{lowest:.4g} to {highest:.4g}, on average {mean:.4g}",
            lowest=numbers.min(),
            highest=numbers.max(),
            mean=numbers.mean(),
        )

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        """Groups of equal size, from the smallest numbers to the largest."""
        numbers = cells.map(read_number).astype("float64")
        order = numbers.rank(method="first") - 1
        groups = (order * min(GROUPS, len(cells)) / max(1, len(cells))).fillna(0).astype("int64")
        return groups.astype("str")

    def similarity(self, one: str, other: str) -> float:
        first, second = read_number(one), read_number(other)
        if first is None or second is None:
            return float(one == other)
        return 1.0 / (1.0 + abs(first - second))
