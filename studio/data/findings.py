"""What can be wrong with a row whatever the task: an empty cell, a copy of another row, a class of its own."""

from collections.abc import Sequence

import pandas

from studio.data.columns import Column, Kind, Problem

EMPTY: dict[Kind, str] = {
    "text": "The text is empty.",
    "label": "The label is missing.",
    "image": "The picture is missing.",
}


def empty_cells(table: pandas.DataFrame, columns: Sequence[Column]) -> list[Problem]:
    """One problem for each row that lacks a required value; the first missing one is named."""
    found: dict[int, Problem] = {}
    for column in columns:
        if not column.required:
            continue
        cells = table[column.name]
        empty = cells.isna() | (cells.str.strip() == "")
        for row in table.loc[empty, "row"]:
            found.setdefault(int(row), Problem(int(row), EMPTY[column.kind], column=column.name))
    return list(found.values())


def copies(table: pandas.DataFrame, texts: Sequence[str]) -> list[Problem]:
    """Rows whose text stands in an earlier row too. They are kept: leaving them out is the person's choice."""
    if not texts:
        return []
    names = list(texts)
    alike = table.loc[table.duplicated(names, keep=False), ["row", *names]]
    if alike.empty:
        return []
    first = alike.groupby(names, sort=False, dropna=False)["row"].transform("first")
    later = alike["row"] != first
    return [
        Problem(
            row,
            f"The same text as in row {earlier}.",
            "A copy that lands in another part makes the result look better than it is.",
            drops=False,
            column=names[0],
        )
        for row, earlier in zip(alike.loc[later, "row"].tolist(), first[later].tolist(), strict=True)
    ]


def lone_classes(table: pandas.DataFrame, label: str) -> list[Problem]:
    """The only example of a class is kept for training; often it is a misspelt label."""
    alone = ~table[label].duplicated(keep=False)
    return [
        Problem(
            int(row),
            f"The only example of '{name}'.",
            "The model can hardly learn it, and nothing is left to check it. Is the label spelt right?",
            drops=False,
            column=label,
        )
        for row, name in zip(table.loc[alone, "row"], table.loc[alone, label], strict=True)
    ]
