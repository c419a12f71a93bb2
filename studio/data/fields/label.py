"""A class: one of a few names that come again and again."""

from collections.abc import Iterator
from pathlib import Path

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.profile import ColumnProfile

FEW_ROWS = 20
MOST_CLASSES = 2000
MANY_CLASSES = 50


class Label(Field):
    name = "label"
    title = "class"
    missing = "The label is missing."

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """Names of classes: without blanks around, and whole numbers without the `.0` that tools add to a column
        with gaps."""
        names = cells.str.strip()
        different = pandas.Series(names.dropna().unique(), dtype="str")
        if different.str.fullmatch(r"-?\d+\.0").any() and different.str.fullmatch(r"-?\d+(\.0)?|").all():
            return names.str.replace(r"\.0$", "", regex=True)
        return names

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Classes that cannot be learned well."""
        counts = cells.value_counts()
        rows = int(counts.sum())
        if len(counts) == 1:
            why = f"Every row is '{counts.index[0]}'; there must be at least two."
            yield Problem(0, "Only one class", why, drops=False, column=column.name)
        if len(counts) > MANY_CLASSES and len(counts) > 0.5 * rows:
            why = f"{len(counts):,} different classes in {rows:,} rows; is this the right column?"
            yield Problem(0, "Almost every row has a class of its own", why, drops=False, column=column.name)
        alike: dict[str, list[str]] = {}
        for name in counts.index:
            alike.setdefault(" ".join(str(name).casefold().split()), []).append(str(name))
        for names in alike.values():
            if len(names) > 1:
                quoted = " and ".join(f"'{name}'" for name in sorted(names))
                why = "They differ only in capitals or spaces."
                yield Problem(0, f"{quoted} count as different classes", why, drops=False, column=column.name)

    def fit(self, profile: ColumnProfile, names_images: bool) -> float:
        """Few distinct, short values that come again and again."""
        repeated = profile.distinct <= max(FEW_ROWS, profile.filled // 2) and profile.distinct <= MOST_CLASSES
        if not repeated or names_images or profile.lists > 0.9:
            return 0.0
        several = 5.0 if profile.distinct > 1 else 0.0
        return 1.0 + several + 10.0 * (1 - profile.distinct / profile.filled) + 5.0 / (1 + profile.length / 10)

    def classes(self, cell: str) -> tuple[str, ...]:
        return (cell,)

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        return cells
