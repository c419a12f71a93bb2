"""A class: one of a few names that come again and again."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas

from studio.data.cleaning import plain
from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _, listing, quoted

FEW_ROWS = 20
FEW_SHARE = 0.2  # of the rows, as many different values at most as classes usually have
SENTENCE = 40  # characters of a cell on average
MOST_CLASSES = 2000
MANY_CLASSES = 50


def labels_in(cell: str) -> list[str] | None:
    """The labels of a cell that holds a list of them, as JSON; None for anything else."""
    if not cell.startswith("["):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    simple = isinstance(found, list) and all(isinstance(each, (str, int)) for each in found)
    return [str(each).strip() for each in found] if simple else None


def only_label(cell: str) -> str | None:
    """A list of one is that one, and an empty list none."""
    found = labels_in(cell)
    return cell if found is None or len(found) > 1 else (found[0] or None if found else None)


def alike(names: Iterable[str], column: Column) -> Iterator[Problem]:
    """Names of classes that are one to whoever reads them, and two to the model."""
    variants: dict[str, list[str]] = {}
    for name in names:
        variants.setdefault(plain(name), []).append(name)
    for written in variants.values():
        if len(written) > 1:
            told = listing((quoted(name) for name in sorted(written)), "and")
            what = _("{labels} count as different classes.", labels=told)
            why = _("They differ only in capitals, spaces, hyphens or the Unicode form of a letter.")
            yield Problem(0, what, why, drops=False, column=column.name)


class Label(Field):
    name = "label"
    examples = ("good", "bad", "good")
    missing = _("The label is missing.")
    bring = {
        "text": _("Add a column with the class of each row."),
        "image": _(
            "Put the images of each class into a folder of their own, begin their names with the class (cat_1.jpg), "
            "or put a table that names image and class into the ZIP."
        ),
        "audio": _(
            "Put the recordings of each class into a folder of their own, or put a table that names recording and "
            "class into the ZIP."
        ),
    }

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """Names of classes: without blanks around, alone where a list holds one; whole numbers without the `.0`
        that tools add to a column with gaps."""
        names = cells.str.strip().map(only_label, na_action="ignore")
        different = pandas.Series(names.dropna().unique(), dtype="str")
        if different.str.fullmatch(r"-?\d+\.0").any() and different.str.fullmatch(r"-?\d+(\.0)?|").all():
            return names.str.replace(r"\.0$", "", regex=True)
        return names

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Classes that cannot be learned well."""
        several = cells[cells.map(lambda cell: len(labels_in(cell) or ())) > 1]
        for row, cell in several.items():
            what = _("This row has several labels: {labels}.", labels=", ".join(labels_in(cell) or ())[:80])
            yield Problem(int(str(row)), what, _("This task learns one label for each row."), column=column.name)
        cells = cells.drop(several.index)
        if cells.empty:
            return
        counts = cells.value_counts()
        rows = int(counts.sum())
        if len(counts) == 1:
            why = _("Every row is '{label}'; there must be at least two classes.", label=counts.index[0])
            yield Problem(0, _("Only one class"), why, drops=False, column=column.name)
        if len(counts) > MANY_CLASSES and len(counts) > 0.5 * rows:
            why = _(
                "{classes:,} different classes in {rows:,} rows; is this the right column?",
                classes=len(counts),
                rows=rows,
            )
            yield Problem(0, _("Almost every row has a class of its own"), why, drops=False, column=column.name)
        yield from alike(map(str, counts.index), column)

    def require_lesson(self, cells: pandas.Series) -> None:
        if cells.nunique() < 2:
            why = _("There is nothing to learn.")
            if len(cells):
                why = _("Every row is '{label}', so there is nothing to learn.", label=cells.iloc[0])
            raise StudioError(
                _("There is only one class."),
                why,
                _("Add examples of at least two classes, or choose another column for the label."),
            )

    weak = 1.0

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Few distinct, short values that come again and again. Many of them, or whole sentences, may be anything."""
        repeated = profile.distinct <= max(FEW_ROWS, profile.filled // 2) and profile.distinct <= MOST_CLASSES
        if profile.lists > 0.9:
            flat = all(labels_in(cell) is not None for cell in profile.samples)
            return 1.0 if flat and profile.samples and profile.distinct <= MOST_CLASSES else 0.0
        if not repeated or stored:
            return 0.0
        are_sentences = profile.length > SENTENCE and profile.language > 0.5
        if profile.distinct > FEW_ROWS and (are_sentences or profile.distinct > FEW_SHARE * profile.filled):
            return self.weak
        several = 5.0 if profile.distinct > 1 else 0.0
        return 1.0 + several + 10.0 * (1 - profile.distinct / profile.filled) + 5.0 / (1 + profile.length / 10)

    def classes(self, cell: str) -> tuple[str, ...]:
        return (cell,)

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        return names.get(cell, cell)

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        return cells
