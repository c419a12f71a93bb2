"""What can be wrong with a row whatever the task: an empty cell, a copy of another row, a class of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas

from studio.data.cleaning import CONTRADICTIONS, COPIES, CleaningOptions, misspellings
from studio.data.columns import SPLITS, Column, Problem
from studio.data.fields import FIELDS
from studio.language import _, sentences

NOTHING: Mapping[str, str] = {}


def empty_cells(table: pandas.DataFrame, columns: Sequence[Column]) -> list[Problem]:
    """One problem for each row that lacks a required value; the first missing one is named."""
    found: dict[int, Problem] = {}
    for column in columns:
        if not column.required:
            continue
        cells = table[column.name]
        empty = cells.isna() | (cells.str.strip() == "")
        for row in table.loc[empty, "row"]:
            found.setdefault(int(row), Problem(int(row), FIELDS[column.kind].missing, column=column.name))
    return list(found.values())


def unusable_cells(table: pandas.DataFrame, columns: Sequence[Column], files: Path | None) -> list[Problem]:
    """What the fields say of their cells, in row order; cells of optional columns may be empty."""
    found: list[Problem] = []
    for column in columns:
        cells = table.set_index("row")[column.name].dropna()
        found += FIELDS[column.kind].problems(cells, column, files)
    return sorted(found, key=lambda problem: problem.row)


def repeated(
    table: pandas.DataFrame,
    columns: Sequence[Column],
    label: str | None,
    cleaning: CleaningOptions,
    contents: Mapping[str, str] = NOTHING,
    given: pandas.Series | None = None,
) -> list[Problem]:
    """Rows whose text or image stands in another row too: copies, and where the labels differ, contradictions.

    They are kept unless `cleaning` says otherwise: of copies then the first one stays, of contradictions none.
    contents: see `Field.compared`. given: the split that the data names for each row (index: row number).
    """
    found_by = ((column, FIELDS[column.kind].compared(table[column.name], contents)) for column in columns)
    compared = {column: cells for column, cells in found_by if cells is not None}
    if not compared:
        return []
    first_column = next(iter(compared))
    keys = pandas.DataFrame({column.name: cells for column, cells in compared.items()})
    again = keys.duplicated(keep=False)
    alike = table[again].copy()
    alike["group"] = keys[again].groupby(list(keys), sort=False, dropna=False).ngroup()
    first = alike.groupby("group")[["row", *([label] if label else [])]].transform("first")
    differs = alike[label] != first[label] if label else alike["row"] < 0
    contradictory = alike["group"].isin(alike.loc[differs, "group"])
    copies = ~contradictory & (alike["row"] != first["row"])
    why = _("A copy that lands in another split makes the result look better than it is.")
    found = [
        Problem(
            row,
            _copy_of(row, earlier, given),
            why,
            cleaning.copies == "drop",
            first_column.name,
            kind=COPIES,
        )
        for row, earlier in zip(alike.loc[copies, "row"].tolist(), first.loc[copies, "row"].tolist(), strict=True)
    ]
    if label and differs.any():
        other = alike[differs].drop_duplicates("group").set_index("group")  # the first row that differs from the first
        rows, of = alike[contradictory], differs[contradictory]
        beside = pandas.DataFrame({name: rows["group"].map(other[name]) for name in ("row", label)})
        beside = beside.mask(of, first[contradictory])
        why = _("One of the two is wrong, and the model would learn both.")
        found += [
            Problem(
                row,
                _(
                    "'{label}' here, but '{other}' in row {row}, which is the same otherwise.",
                    label=name,
                    other=named,
                    row=elsewhere,
                ),
                why,
                cleaning.contradictions == "drop",
                first_column.name,
                kind=CONTRADICTIONS,
            )
            for row, name, elsewhere, named in zip(
                rows["row"].tolist(), rows[label].tolist(), beside["row"].tolist(), beside[label].tolist(), strict=True
            )
        ]
    return found


def _copy_of(row: int, earlier: int, given: pandas.Series | None) -> str:
    """And where the data puts the two into different splits: into which."""
    here, there = (str(given.get(row)), str(given.get(earlier))) if given is not None else ("", "")
    if here == there or not {here, there} <= set(SPLITS):
        return _("A copy of row {row}.", row=earlier)
    return _("A copy of row {row}: that one is in {there}, this one in {here}.", row=earlier, there=there, here=here)


def lone_classes(table: pandas.DataFrame, label: str) -> list[Problem]:
    """The only example of a class is kept for training; often it is a misspelt label."""
    alone = ~table[label].duplicated(keep=False)
    meant = misspellings({str(name): int(rows) for name, rows in table[label].value_counts().items()})
    why = _("The model can hardly learn it, and nothing is left to check it.")
    unknown = sentences(why, _("Is the label spelt right?"))
    return [
        Problem(
            int(row),
            _("The only example of '{label}'.", label=name),
            sentences(why, _("Is '{label}' meant?", label=meant[name])) if name in meant else unknown,
            drops=False,
            column=label,
        )
        for row, name in zip(table.loc[alone, "row"], table.loc[alone, label], strict=True)
    ]
