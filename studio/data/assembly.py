"""From imported data and the choices about it to the rows that a run uses. The screen and the run both call this."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from studio.data.aside import columns_aside
from studio.data.choosing import map_columns
from studio.data.class_counts import count_classes, describe_classes, first_names
from studio.data.cleaning import CleaningOptions
from studio.data.columns import SPLITS, Column, Problem
from studio.data.corrections import Stored, correct_rows
from studio.data.fields import FIELDS
from studio.data.findings import empty_cells, lone_classes, repeated, unusable_cells
from studio.data.guessing import guess_columns
from studio.data.importing import Imported
from studio.data.options import DataOptions
from studio.data.renaming import for_corrections, rename_labels
from studio.data.split_names import COLUMN_NAMES, split_named
from studio.data.splitting import SplitOptions, sample_rows, split_groups, split_rows
from studio.errors import StudioError
from studio.language import _, listing, plural, sentences

__all__ = ["Assembled", "Cleaned", "assemble", "clean", "divide", "guess_columns"]

FEWEST_ROWS = 6
NO_CLEANING = CleaningOptions()
Check = Callable[[pandas.DataFrame, Path | None], list[Problem]]


@dataclass(frozen=True)
class Assembled:
    """table: columns `row` (number in the file), one per role of the task, `split`; index 0..n-1 in file order.

    problems: everything found, in row order; those with `drops` are not in the table.
    dropped: how many rows of the upload were left out for a problem (not for `limit`).
    counts: class -> split -> how often; of spans and boxes each one counts. notes: sentences about what was decided.
    columns: the columns used, role -> name in the file. label: the column that holds one class a row, if there is one.
    together: how rows were divided that belong together, in a sentence; "" where each was drawn by itself.
    kept: the splits that came with the data and were kept, such as ("train", "validation"); empty when all rows
    are split by the fractions. left_out: the columns that are not read, where a task reads all others.
    """

    table: pandas.DataFrame
    problems: list[Problem]
    dropped: int
    counts: dict[str, dict[str, int]]
    notes: list[str]
    columns: dict[str, str]
    kept: tuple[str, ...] = ()
    label: str | None = None
    left_out: tuple[str, ...] = ()
    together: str = ""

    @property
    def class_sizes(self) -> dict[str, int]:
        """Rows of each class; empty where rows have no class."""
        return {name: sum(splits.values()) for name, splits in self.counts.items()} if self.label else {}

    @property
    def rows(self) -> dict[str, int]:
        """Rows in each split."""
        sizes = self.table["split"].value_counts()
        return {split: int(sizes.get(split, 0)) for split in SPLITS}


@dataclass(frozen=True)
class Cleaned:
    """The rows that can be used, before they are split.

    table, problems, columns: as in `Assembled`. given: the split that the data names for each row, if it does (index:
    row number). answer: the column that is learned, if the task has one. label: the same where it holds one class.
    left_out: the columns that are not read, where a task reads all others.
    together: the column that is made from other ones, if there is one, which may decide the split.
    imported: where the file's own columns stand, for one whose rows are kept together.
    """

    table: pandas.DataFrame
    problems: list[Problem]
    columns: dict[str, str]
    given: pandas.Series | None
    answer: Column | None
    left_out: tuple[str, ...] = ()
    together: Column | None = None
    imported: Imported | None = None

    @property
    def label(self) -> str | None:
        return self.answer.name if self.answer and self.answer.kind == "label" else None


def assemble(imported: Imported, options: DataOptions, columns: Sequence[Column], check: Check) -> Assembled:
    """Map the columns, leave out what cannot be used, draw a sample if a limit is set, split. Deterministic.

    check: the task's own checks of the rows. Raises StudioError when no training could come of it.
    """
    return divide(clean(imported, options.columns, columns, check, options.cleaning, options.left_out), options)


def clean(
    imported: Imported,
    chosen: Mapping[str, str],
    columns: Sequence[Column],
    check: Check,
    cleaning: CleaningOptions = NO_CLEANING,
    without: Sequence[str] | None = None,
) -> Cleaned:
    """The first half of `assemble`, which does not depend on the split options: callers that change only those
    can keep its result. without: columns that are not read, or None for those that are found."""
    mapping = map_columns(imported, chosen, columns)
    source = imported.table()
    takes_all = any(FIELDS[column.kind].takes_all for column in columns)
    left_out, aside = columns_aside(source, imported.profiles, mapping, columns, without) if takes_all else ((), [])
    table = pandas.DataFrame({"row": source["row"]})
    used = [column for column in columns if column.name in mapping or FIELDS[column.kind].gathers]
    for column in used:
        field = FIELDS[column.kind]
        table[column.name] = (
            field.gather(source.drop(columns=list(left_out)), mapping)
            if field.gathers
            else field.stored(source[mapping[column.name]])
        )
    given = given_splits(source, mapping)
    answer = next((column for column in used if FIELDS[column.kind].strata(table[column.name]) is not None), None)
    label = answer.name if answer and answer.kind == "label" else None

    problems = imported.problems + aside + ([] if given is not None else unknown_splits(source, mapping))
    problems += rename_labels(table, answer, cleaning.labels) if answer else []
    stored: dict[str, Stored] = {column.name: FIELDS[column.kind].stored for column in used[1:]}
    if answer and answer.name in stored and (names := for_corrections(cleaning.labels)):
        stored[answer.name] = _stored_and_renamed(answer, names)
    corrected = correct_rows(table, used[0].name, stored, label, cleaning.corrections)
    table = _without(table, corrected)
    found = empty_cells(table, used)
    table = _without(table, found)
    unusable = unusable_cells(table, used, imported.files)
    table = _without(table, unusable).reset_index(drop=True)
    checked = check(table, imported.files)
    table = _without(table, checked).reset_index(drop=True)
    again = repeated(table, used, label, cleaning, imported.contents, given)
    table = _without(table, again).reset_index(drop=True)
    problems += corrected + found + unusable + checked + again + (lone_classes(table, label) if label else [])
    _require_enough(table, problems)
    _require_lesson(table, used, problems)
    problems.sort(key=lambda problem: problem.row)
    given = given.loc[table["row"]] if given is not None else None
    together = next((column for column in used if FIELDS[column.kind].gathers), None)
    return Cleaned(table, problems, mapping, given, answer, left_out, together, imported)


def _stored_and_renamed(column: Column, names: Mapping[str, str]) -> Stored:
    """How the column's cells are stored, with other names for some of their classes."""
    field = FIELDS[column.kind]
    return lambda cells: field.stored(cells).map(lambda cell: field.renamed(cell, names), na_action="ignore")


def divide(cleaned: Cleaned, options: DataOptions) -> Assembled:
    """The second half of `assemble`: the limit and the split."""
    table, answer = cleaned.table, cleaned.answer
    given = cleaned.given if options.split.keep else None
    numbers = pandas.Index(table["row"])
    strata = FIELDS[answer.kind].strata(table[answer.name]) if answer else None
    labels = strata.set_axis(numbers) if strata is not None else pandas.Series(None, index=numbers, dtype="str")
    notes: list[str] = []
    if options.limit is not None and options.limit < len(labels):
        labels, given = _draw_sample(labels, given, options, notes)
        table = table[table["row"].isin(labels.index)].reset_index(drop=True)
    groups = groups_of(cleaned, options.split.group, table["row"])
    own = FIELDS[cleaned.together.kind].divided(table, options.split) if cleaned.together else None
    problems = list(cleaned.problems)
    if own is None and groups is not None and not kept_splits(given):
        if cleaned.label and cleaned.columns.get(cleaned.label) == options.split.group:
            raise StudioError(
                _("The column '{column}' is what is learned.", column=options.split.group),
                _("With each class in one split, the test would ask for classes that the model has never seen."),
                _("Choose another column to keep together, or none."),
            )
        divided = split_groups(groups, options.split).set_axis(table.index)
        own = divided, _("All rows with the same '{column}' are in one split.", column=options.split.group)
    elif groups is not None and given is not None:
        problems += groups_in_two_splits(groups, given, str(options.split.group))
    if own is not None:
        table, given = table.assign(split=own[0].to_numpy()), None
        notes.append(own[1])
    else:
        table = table.assign(split=split_rows(labels, given, options.split).to_numpy())
    counts = count_classes(table, answer) if answer else {}
    notes += describe_split(table, given, options.split)
    dropped = len({problem.row for problem in problems if problem.drops and problem.row > 0})
    mapping, kept = dict(cleaned.columns), kept_splits(given)
    together = own[1] if own is not None else ""
    left_out = cleaned.left_out
    assembled = Assembled(table, problems, dropped, counts, notes, mapping, kept, cleaned.label, left_out, together)
    notes += describe_classes(counts, assembled.rows)
    return assembled


def groups_of(cleaned: Cleaned, column: str | None, rows: pandas.Series) -> pandas.Series | None:
    """What stands in the column whose rows are kept together, by row number. Raises StudioError where there is none."""
    if not column or cleaned.imported is None:
        return None
    source = cleaned.imported.table().set_index("row")
    if column not in source:
        raise StudioError(
            _("There is no column '{column}'.", column=column),
            _("Rows with the same value in it should be kept in one split."),
            _("Choose one of these: {names}.", names=listing([str(name) for name in source], "or")),
        )
    return source.loc[rows, column].replace("", None)


def groups_in_two_splits(groups: pandas.Series, given: pandas.Series, column: str) -> list[Problem]:
    """A warning where the splits that came with the data have rows of one group in two of them."""
    splits = given.reindex(groups.index).fillna("train").groupby(groups).nunique()
    several = [str(name) for name in splits[splits > 1].index]
    if not several:
        return []
    what = plural(
        "{n:,} value of '{column}' stands in two splits: {names}.",
        "{n:,} values of '{column}' stand in two splits: {names}.",
        len(several),
        column=column,
        names=first_names(several),
    )
    why = _("So the test is not about new ones. Switch off keeping the split that came with the data.")
    return [Problem(0, what, why, drops=False, column=column)]


def given_splits(source: pandas.DataFrame, mapping: Mapping[str, str]) -> pandas.Series | None:
    """The split that the upload names for each row (index: row number), or None when it names none.

    A column counts as that when it is called split (or alike), plays no other role, and names splits only.
    """
    for name, splits in _columns_of_splits(source, mapping):
        if all(splits.values()):
            return pandas.Series(source[name].map(splits).to_numpy(), index=source["row"], dtype="str")
    return None


def unknown_splits(source: pandas.DataFrame, mapping: Mapping[str, str]) -> list[Problem]:
    """A column that names splits and something else too: it is ignored, with a warning."""
    return [
        Problem(
            0,
            _(
                "The column '{column}' names unknown splits: {names}.",
                column=name,
                names=first_names(sorted(value for value, split in splits.items() if not split)),
            ),
            _("So the split that came with the data is not kept. Known are train, validation, test and the like."),
            drops=False,
            column=name,
        )
        for name, splits in _columns_of_splits(source, mapping)
    ]


def _columns_of_splits(
    source: pandas.DataFrame, mapping: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Columns called split (or alike) without a role that name some split, with the split that each value means."""
    for name in source.columns:
        if name.lower() in COLUMN_NAMES and name not in mapping.values():
            splits = {str(value): split_named(value) for value in source[name].dropna().unique()}
            if any(splits.values()):
                yield str(name), splits


def kept_splits(given: pandas.Series | None) -> tuple[str, ...]:
    """The named splits that `split_rows` keeps: none where the data names no other split than training."""
    named = tuple(split for split in SPLITS if given is not None and (given == split).any())
    return named if set(named) - {"train"} else ()


def describe_split(table: pandas.DataFrame, given: pandas.Series | None, options: SplitOptions) -> list[str]:
    """Which of the data's own splits were kept."""
    if given is None or given.isna().all():
        return []
    kept = [split for split in kept_splits(given) if split != "train"]
    if not kept:
        return [_("The data has a train split only; all its rows are split by the fractions.")]
    sizes = {split: int((table["split"] == split).sum()) for split in SPLITS}
    told = (
        _("The {split} split that came with the data is kept ({rows}).")
        if len(kept) == 1
        else _("The {split} splits that came with the data are kept ({rows}).")
    )
    notes = [_(told, split=listing(kept, "and"), rows=_rows(sum(sizes[split] for split in kept)))]
    for split in SPLITS[1:]:
        if split not in kept:
            told = plural(
                "The data has no {split} split: {n:,} row, {share:.0%} of the train split, was set aside for it.",
                "The data has no {split} split: {n:,} rows, {share:.0%} of the train split, were set aside for it.",
                sizes[split],
                split=split,
                share=getattr(options, split),
            )
            notes.append(told)
    if count := int(given.isna().sum()):
        told = plural(
            "{n:,} row without a named split counts as a training row.",
            "{n:,} rows without a named split count as training rows.",
            count,
        )
        notes.append(told)
    return notes


def _draw_sample(
    labels: pandas.Series, given: pandas.Series | None, options: DataOptions, notes: list[str]
) -> tuple[pandas.Series, pandas.Series | None]:
    """`limit` rows: every class, and every split of the data, keeps its share."""
    strata = labels.fillna("")
    if given is not None:
        strata = given.fillna("") + "\n" + strata
    chosen = sample_rows(strata, options.limit or 0, options.split.seed)
    told = plural(
        "{n:,} row of {all:,} is used, as the limit asks; every class keeps its share.",
        "{n:,} rows of {all:,} are used, as the limit asks; every class keeps its share.",
        int(chosen.sum()),
        all=len(labels),
    )
    notes.append(told)
    return labels[chosen], given[chosen] if given is not None else None


def _without(table: pandas.DataFrame, problems: Sequence[Problem]) -> pandas.DataFrame:
    dropped = [problem.row for problem in problems if problem.drops]
    return table[~table["row"].isin(dropped)] if dropped else table


def _require_enough(table: pandas.DataFrame, problems: Sequence[Problem]) -> None:
    reason = min((p for p in problems if p.drops and p.row), key=lambda problem: problem.row, default=None)
    if table.empty and reason:
        raise StudioError(
            _("None of the rows can be used."),
            _("Row {row}: {reason}", row=reason.row, reason=sentences(reason.what, reason.why)),
            _("Correct the data, or check that the columns are the right ones."),
        )
    if len(table) < FEWEST_ROWS:
        few = plural(
            "{n:,} row can be used; at least {fewest} are needed, some hundred are good.",
            "{n:,} rows can be used; at least {fewest} are needed, some hundred are good.",
            len(table),
            fewest=FEWEST_ROWS,
        )
        first = _("The first reason: row {row}: {reason}", row=reason.row, reason=reason.what) if reason else ""
        raise StudioError(
            _("There are too few rows to learn from."),
            sentences(few, first),
            _("Add more examples, or check that the columns are the right ones."),
        )


def _require_lesson(table: pandas.DataFrame, columns: Sequence[Column], problems: Sequence[Problem]) -> None:
    """Something can be learned from every column; else the first problem found in it may be the reason."""
    for column in columns:
        try:
            FIELDS[column.kind].require_lesson(table[column.name])
        except StudioError as error:
            words = error.explanation
            first = next((problem for problem in problems if problem.row and problem.column == column.name), None)
            more = ""
            if first:
                reason = sentences(first.what, first.why)
                more = _("The first problem: row {row}: {reason}", row=first.row, reason=reason)
            raise StudioError(words.what, sentences(words.why, more), words.what_to_do) from error


def _rows(count: int) -> str:
    return plural("{n:,} row", "{n:,} rows", count)
