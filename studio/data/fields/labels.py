"""Labels: any number of a few names that come again and again, none among them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.fields.label import MOST_CLASSES, Label, alike, labels_in
from studio.data.fields.objects import read_loosely
from studio.data.formats.base import encodable
from studio.data.label_columns import pieces_of, separator_of
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

FEWEST = 2  # labels, of which something can be learned
SURE, PERHAPS = 16.0, 0.5  # how much lists look like labels; and single classes, which may also be meant


class Labels(Field):
    name = "labels"
    missing = _("Nothing says which labels this row has; where it has none, write [].")
    bring = {
        "text": _("Add a column with the labels of each row, or a column of 0 and 1 for each label."),
        "image": _("Put a table into the ZIP that names each image and its labels."),
    }
    example = "[]"
    examples = ("delivery, quality", "quality", "price")

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """One form of the many in which people write labels: a list, as JSON."""
        separator = separator_of(cells.dropna())
        return cells.map(lambda cell: in_one_form(cell, separator), na_action="ignore").astype("str")

    def parse(self, cell: str, files: Path | None) -> list[str]:
        return list(self.classes(cell))

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        yield from alike(sorted({label for cell in cells for label in self.classes(str(cell))}), column)

    def require_lesson(self, cells: pandas.Series) -> None:
        found = {label for cell in cells for label in self.classes(str(cell))}
        if len(found) < FEWEST:
            named = _("The only one is '{label}'.", label=min(found)) if found else _("No row has any.")
            raise StudioError(
                _("There are fewer than two labels."),
                named,
                _("Add examples of at least two labels, or choose another column for them."),
            )

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Lists of names, or names with a separator between; perhaps also a single class in each row."""
        if profile.lists > 0.9:
            flat = all(list_in(cell) is not None for cell in profile.samples)
            return SURE if flat and profile.samples else 0.0
        if profile.separator and profile.distinct <= MOST_CLASSES:
            return SURE
        return PERHAPS * Label().fit(profile, stored)

    def classes(self, cell: str) -> tuple[str, ...]:
        return tuple(label for label in labels_in(cell) or () if label)

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        found = dict.fromkeys(names.get(label, label) for label in self.classes(cell))
        return json.dumps(list(found), ensure_ascii=False)

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        """For each row its rarest label: a split that mixes these misses none."""
        found = cells.map(lambda cell: self.classes(str(cell)))
        counts = found.explode().value_counts()
        return found.map(lambda labels: min(sorted(labels), key=counts.__getitem__, default="")).astype("str")

    def similarity(self, one: str, other: str) -> float:
        """The share of their labels that both have (Jaccard)."""
        first, second = set(self.classes(one)), set(self.classes(other))
        return len(first & second) / len(first | second) if first | second else 1.0


def several_in(cell: str, separator: str) -> list[str]:
    """The labels of a cell, each once, whichever way they are written."""
    listed = list_in(cell)
    return pieces_of(cell, separator) if listed is None else list(dict.fromkeys(filter(None, listed)))


def list_in(cell: str) -> list[str] | None:
    """The names of a list, as JSON or as Python writes it; None for anything else."""
    value = read_loosely(cell) if cell.startswith("[") else None
    if not isinstance(value, list) or not all(isinstance(each, str | int | float) for each in value):
        return None
    return [str(each).strip() for each in value]


def in_one_form(cell: str, separator: str) -> str:
    return encodable(json.dumps(several_in(cell, separator), ensure_ascii=False))
