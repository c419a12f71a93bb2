"""Which rows train, which validate, which test. The screen and the run call the same function.

The split depends on the rows' numbers, their labels and the seed alone, through whole-number arithmetic: it is the
same on every machine, with every version of every library, and a row that is corrected or left out elsewhere in the
file changes the places of as few others as the fractions allow.
"""

import hashlib
from typing import TYPE_CHECKING

from pydantic import model_validator

from studio.data.allocation import allocate, largest_remainder
from studio.data.columns import SPLITS
from studio.errors import StudioError
from studio.language import _, listing, plural
from studio.options import Options, setting

if TYPE_CHECKING:
    from numpy import ndarray
    from pandas import Series


class SplitOptions(Options):
    """Fractions of the rows; they add up to 1."""

    train: float = setting(
        0.8, title=_("Learn from (train)"), help=_("Share of the rows that the model learns from."), gt=0, lt=1
    )
    validation: float = setting(
        0.1,
        title=_("Check while learning (validation)"),
        help=_("Share that decides when to stop and which step was best."),
        gt=0,
        lt=1,
    )
    test: float = setting(
        0.1, title=_("Final exam (test)"), help=_("Share that the model sees only once, at the end."), gt=0, lt=1
    )
    stratify: bool = setting(
        True,
        title=_("Same mix of classes in every split (stratify)"),
        help=_("Every split gets each class in the same share."),
    )
    group: str | None = setting(
        None,
        title=_("Keep together what has the same (group)"),
        help=_(
            "A column such as the speaker, patient or customer: all rows of one go into the same split, so that the "
            "test is about new ones."
        ),
    )
    seed: int = setting(
        7, title=_("Shuffle number (seed)"), help=_("The same number gives the same split."), ge=0, le=2**31 - 1
    )
    keep: bool = setting(
        True,
        title=_("Keep the split that came with the data"),
        help=_("Use the upload's own train, validation and test splits; one that is missing is taken from train."),
    )

    @model_validator(mode="after")
    def _adds_up(self) -> "SplitOptions":
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the three splits must add up to 1, they make {total:.3g}")
        return self


def split_rows(labels: "Series", given: "Series | None", options: SplitOptions) -> "Series":
    """The split (train, validation, test) of every row, with the index of `labels`.

    labels: one class a row, or missing where the task has none; the index holds each row's number.
    given: the split that the upload names for a row, or missing. With `options.keep` these stay whole. Rows
    without a named split count as training rows, and a split that no row names is taken from the training rows:
    its fraction of them. So a lone given validation split stays as it is, and the test split comes from train.

    The splits have the sizes that the fractions ask for, to within one row; inside them every class has its share to
    within about one row, and a class with three rows or more appears in every split where there is room.
    Raises StudioError when there are too few rows to fill the splits.
    """
    if given is None or not options.keep or given.isna().all():
        return _cut(labels, {split: getattr(options, split) for split in SPLITS}, options)
    splits = given.copy().astype("object")
    named = set(given.dropna())
    pool = labels[given.isna() | (given == "train")]
    if pool.empty:
        raise StudioError(
            _("The data has no train split."),
            _("All its rows are marked as {splits}.", splits=listing(sorted(named), "or")),
            _("Switch off keeping the split that came with the data, so that all rows are split again."),
        )
    if named == {"train"}:
        return _cut(labels, {split: getattr(options, split) for split in SPLITS}, options)
    missing = {split: getattr(options, split) for split in SPLITS[1:] if split not in named}
    splits[pool.index] = _cut(pool, {"train": 1.0 - sum(missing.values()), **missing}, options)
    return splits.astype("str")


def split_groups(groups: "Series", options: SplitOptions) -> "Series":
    """The split of every row, with all rows of a group in one of them. groups: whose each row is; the index holds each
    row's number. A row without a group is one by itself.

    The largest groups come first, those of one size in an order that follows from the seed; each goes into the split
    that lacks most of its rows. So the sizes are those of the fractions as nearly as such groups allow, and no split
    is empty. Raises StudioError where there are fewer groups than splits.
    """
    from pandas import Series

    names = groups.where(groups.notna(), [f"\0{row}" for row in groups.index]).astype("object")
    sizes = names.value_counts()
    if len(sizes) < len(SPLITS):
        raise StudioError(
            _("There are too few groups to split."),
            plural(
                "The column '{column}' has {n} value, and each of the three splits needs one of its own.",
                "The column '{column}' has {n} different values, and each of the three splits needs one of its own.",
                len(sizes),
                column=options.group or "",
            ),
            _("Choose another column to keep together, or none."),
        )
    order = sorted(sizes.index, key=lambda name: (-int(sizes[name]), _name_lot("group", options.seed, str(name))))
    lacking = {split: getattr(options, split) * len(groups) for split in SPLITS}
    empty, chosen = set(SPLITS), dict[object, str]()
    for place, name in enumerate(order):
        open_ones = empty if len(order) - place <= len(empty) else SPLITS
        split = max(open_ones, key=lambda split: (lacking[split], -SPLITS.index(split)))
        chosen[name] = split
        lacking[split] -= int(sizes[name])
        empty.discard(split)
    return Series(names.map(chosen).to_numpy(), index=groups.index, dtype="str")


def sample_rows(strata: "Series", count: int, seed: int) -> "Series":
    """True for `count` rows, drawn so that every stratum keeps its share; the index holds the rows' numbers."""
    chosen = _assign(strata, ["in", "out"], [count, len(strata) - count], seed, "sample")
    return chosen == "in"


def _cut(labels: "Series", fractions: dict[str, float], options: SplitOptions) -> "Series":
    splits = list(fractions)
    if len(labels) < len(splits):
        raise StudioError(
            _("There are too few rows to split."),
            plural(
                "{n} row cannot fill {splits} splits.",
                "{n} rows cannot fill {splits} splits.",
                len(labels),
                splits=len(splits),
            ),
            _("Add more examples."),
        )
    totals = largest_remainder(len(labels), list(fractions.values()))
    for index, total in enumerate(totals):
        if total == 0:  # every split needs a row to be of use
            totals[totals.index(max(totals))] -= 1
            totals[index] = 1
    strata = labels if options.stratify else labels.mask(labels.notna(), None)
    return _assign(strata, splits, totals, options.seed, "split")


def _assign(strata: "Series", splits: list[str], totals: list[int], seed: int, purpose: str) -> "Series":
    """Give each split as many rows as `totals` says, with each stratum's share of every split."""
    import numpy
    from pandas import Series, factorize

    rows = strata.index.to_numpy()
    codes, found = factorize(strata.fillna("").astype("object"))
    lots = [_name_lot(purpose, seed, str(name)) for name in found.tolist()]
    classes = sorted(range(len(lots)), key=lots.__getitem__)
    place = numpy.empty(len(classes), dtype="int64")
    place[classes] = numpy.arange(len(classes))
    codes = place[codes]
    sizes = numpy.bincount(codes, minlength=len(classes))
    table = allocate(sizes.tolist(), totals)
    # class by class in the order of their lots, the rows of each in the order of theirs
    order = numpy.lexsort((row_lots(purpose, seed, rows), codes))
    drawn = numpy.empty(len(rows), dtype="int64")
    drawn[order] = numpy.repeat(numpy.tile(numpy.arange(len(splits)), len(classes)), numpy.ravel(table))
    return Series(numpy.array(splits, dtype=object)[drawn], index=strata.index, dtype="str")


def _name_lot(purpose: str, seed: int, name: str) -> bytes:
    """A class's place where classes are alike and single rows remain to be shared: not by the alphabet, which would
    favour some."""
    return hashlib.sha256(f"{purpose}:{seed}:{name}".encode()).digest()


def row_lots(purpose: str, seed: int, rows: "ndarray") -> "ndarray":
    """Each row's place in the shuffle; no two rows have the same.

    SplitMix64's mixing steps (Steele, Lea, Flood 2014), twice, with keys that follow from purpose and seed.
    """
    import numpy

    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    lots = rows.astype("uint64")
    for start in (0, 8):
        lots = lots + numpy.uint64(int.from_bytes(digest[start : start + 8], "little"))
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            lots = (lots ^ (lots >> numpy.uint64(shift))) * numpy.uint64(factor)
        lots = lots ^ (lots >> numpy.uint64(31))
    return lots
