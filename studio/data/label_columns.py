"""Several labels of a row, as tables hold them: in a cell with a separator between, or in a column of 0 and 1 each."""

import json
from collections.abc import Iterable

import pandas

SEPARATORS = (";", "|", ",", "\n")
LONGEST = 60  # characters of a label on average; longer pieces are sentences
GATHERED = "labels"  # the column that is made
NO, YES = {"0", "false", "0.0"}, {"1", "true", "1.0"}
MOST_COLUMNS, MOST_WAYS = 2000, 8  # columns, and ways in which one may write its two values


def separator_of(cells: pandas.Series) -> str:
    """What stands between the labels of these cells, or "": a sign that cuts them into fewer different pieces than
    there are different cells, since labels come again in ever new combinations; or into as many, if one of them also
    stands alone. Lists are looked at elsewhere."""
    different = pandas.Series([cell for cell in cells.unique() if not cell.lstrip().startswith("[")], dtype="str")
    best, fewest = "", len(different)
    for sign in SEPARATORS:
        if not different.str.contains(sign, regex=False).any():
            continue
        pieces = {piece for cell in different for piece in pieces_of(cell, sign)}
        stands_alone = not best and any(cell.strip() in pieces for cell in different)
        if len(pieces) < fewest + stands_alone and sum(map(len, pieces)) <= LONGEST * len(pieces):
            best, fewest = sign, len(pieces)
    return best


def pieces_of(cell: str, separator: str) -> list[str]:
    """The labels of a cell, each once."""
    found = cell.split(separator) if separator else [cell]
    return list(dict.fromkeys(piece.strip() for piece in found if piece.strip()))


def gather_labels(table: pandas.DataFrame) -> pandas.DataFrame:
    """With one more column, where two or more hold 0 or 1 alone: for each row the list of those that are 1."""
    names = yes_or_no(table)
    if len(names) < 2:
        return table
    given = table[names].apply(lambda cells: cells.str.strip().str.lower().isin(YES))
    lists = [[name for name, holds in zip(names, row, strict=True) if holds] for row in given.to_numpy()]
    cells = pandas.Series([json.dumps(labels, ensure_ascii=False) for labels in lists], index=table.index, dtype="str")
    return table.assign(**{_free_name(table.columns): cells})


def yes_or_no(table: pandas.DataFrame) -> list[str]:
    """The columns of which every cell is 0 or 1, or false or true, and both come."""
    return [str(name) for name in table.columns if _is_yes_or_no(table[name])][:MOST_COLUMNS]


def _is_yes_or_no(cells: pandas.Series) -> bool:
    written = cells.unique()
    if cells.isna().any() or len(written) > MOST_WAYS:
        return False
    found = {str(cell).strip().lower() for cell in written}
    return bool(found & NO) and bool(found & YES) and found <= NO | YES


def _free_name(columns: Iterable[object]) -> str:
    taken = {str(name).strip().casefold() for name in columns}
    return next(name for name in (GATHERED, *(f"{GATHERED}_{n}" for n in range(2, 99))) if name not in taken)
