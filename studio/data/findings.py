"""What can be wrong with a row whatever the task: an empty cell, a copy of another row, a class of its own."""

from collections.abc import Sequence
from pathlib import Path

import pandas

from studio.data.cleaning import CONTRADICTIONS, COPIES, CleaningOptions, misspellings
from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS


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
    table: pandas.DataFrame, texts: Sequence[str], label: str | None, cleaning: CleaningOptions
) -> list[Problem]:
    """Rows whose text stands in another row too: copies, and where the labels differ, contradictions.

    They are kept unless `cleaning` says otherwise: of copies then the first one stays, of contradictions none.
    """
    if not texts:
        return []
    names = list(texts)
    alike = table[table.duplicated(names, keep=False)].copy()
    alike["group"] = alike.groupby(names, sort=False, dropna=False).ngroup()
    first = alike.groupby("group")[["row", *([label] if label else [])]].transform("first")
    differs = alike[label] != first[label] if label else alike["row"] < 0
    contradictory = alike["group"].isin(alike.loc[differs, "group"])
    copies = ~contradictory & (alike["row"] != first["row"])
    why = "A copy that lands in another split makes the result look better than it is."
    found = [
        Problem(row, f"The same text as in row {earlier}.", why, cleaning.copies == "drop", names[0], kind=COPIES)
        for row, earlier in zip(alike.loc[copies, "row"].tolist(), first.loc[copies, "row"].tolist(), strict=True)
    ]
    if label and differs.any():
        other = alike[differs].drop_duplicates("group").set_index("group")  # the first row that differs from the first
        rows, of = alike[contradictory], differs[contradictory]
        beside = pandas.DataFrame({name: rows["group"].map(other[name]) for name in ("row", label)})
        beside = beside.mask(of, first[contradictory])
        why = "One of the two is wrong, and the model would learn both."
        found += [
            Problem(
                row,
                f"'{name}' here, but '{named}' in row {elsewhere} with the same text.",
                why,
                cleaning.contradictions == "drop",
                names[0],
                kind=CONTRADICTIONS,
            )
            for row, name, elsewhere, named in zip(
                rows["row"].tolist(), rows[label].tolist(), beside["row"].tolist(), beside[label].tolist(), strict=True
            )
        ]
    return found


def lone_classes(table: pandas.DataFrame, label: str) -> list[Problem]:
    """The only example of a class is kept for training; often it is a misspelt label."""
    alone = ~table[label].duplicated(keep=False)
    meant = misspellings({str(name): int(rows) for name, rows in table[label].value_counts().items()})
    return [
        Problem(
            int(row),
            f"The only example of '{name}'.",
            "The model can hardly learn it, and nothing is left to check it. "
            + (f"Is '{meant[name]}' meant?" if name in meant else "Is the label spelt right?"),
            drops=False,
            column=label,
        )
        for row, name in zip(table.loc[alone, "row"], table.loc[alone, label], strict=True)
    ]
