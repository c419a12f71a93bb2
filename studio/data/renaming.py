"""Classes that get another name, or one name together: what such a choice does to the cells."""

from collections.abc import Collection, Mapping

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS
from studio.data.formats.base import encodable
from studio.errors import StudioError
from studio.language import _, plural
from studio.names import tidy_name

LISTED = 10  # rows that are told one by one
LONGEST_NAME = 200  # letters
MOST_RENAMED = 1000  # classes: each stands on the page, and in the run file
Names = Mapping[str, str]  # class -> the one to use instead


def rename_labels(table: pandas.DataFrame, column: Column, names: Names) -> list[Problem]:
    """Rename the classes of a column in place; returns what was changed, row by row where it is in few."""
    field, written = FIELDS[column.kind], table[column.name]
    if not names:
        return []
    holds = {cell: [name for name in dict.fromkeys(field.classes(cell)) if name in names]
             for cell in written.dropna().unique()}  # fmt: skip
    new = {cell: field.renamed(cell, names) for cell, found in holds.items() if found}
    rows: dict[str, list[int]] = {}
    for row, cell in zip(table["row"], written, strict=True):
        for name in holds.get(cell, ()):
            rows.setdefault(name, []).append(int(row))
    table[column.name] = written.map(lambda cell: new.get(cell, cell), na_action="ignore").astype("str")
    why = _("Your choice.")
    remarks = []
    for name, found in rows.items():
        what = _("'{label}' was renamed to '{new}'.", label=name, new=names[name])
        if len(found) > LISTED:
            what = plural(
                "'{label}' was renamed to '{new}' in {n:,} row.",
                "'{label}' was renamed to '{new}' in {n:,} rows.",
                len(found),
                label=name,
                new=names[name],
            )
        told = found if len(found) <= LISTED else [0]
        remarks += [Problem(row, what, why, drops=False, column=column.name) for row in told]
    return remarks


def for_corrections(names: Names) -> dict[str, str]:
    """What the cells of corrections are renamed by: a name that others were renamed to is meant as it stands."""
    meant = set(names.values())
    return {old: new for old, new in names.items() if old not in meant}


def with_name(names: Names, chosen: Collection[str], new: str, known: Collection[str]) -> dict[str, str]:
    """The renamed classes, with one name for all that are `chosen`, as they are called now. known: all of these.

    Raises StudioError for what is no choice or no name.
    """
    new = encodable(tidy_name(new))
    chosen = set(chosen)
    if not chosen or not chosen <= set(known):
        raise StudioError(_("No class is chosen."), "", _("Choose one to rename it, or several to make them one."))
    if not new or len(new) > LONGEST_NAME:
        raise StudioError(_("The classes need a name."), "", _("Write a name of at most {n} letters.", n=LONGEST_NAME))
    earlier = {old: new if now in chosen else now for old, now in names.items()}
    named = {**earlier, **dict.fromkeys(chosen, new)}
    named = {old: now for old, now in named.items() if old != now}
    if len(named) > MOST_RENAMED:
        raise StudioError(
            _("Too many classes would be renamed."),
            _("At most {n:,} can be.", n=MOST_RENAMED),
            _("Rename them in your file, and upload it again."),
        )
    if named == dict(names):
        raise StudioError(_("'{label}' is its name already.", label=new), "", _("Write another name."))
    return named
