"""The split: exact sizes, fair shares, the same everywhere."""

import random
import time
from collections import Counter

import pandas
import pytest

from studio.data.allocation import allocate, largest_remainder
from studio.data.splitting import SplitOptions, sample_rows, split_rows
from studio.errors import StudioError

SPLITS = ("train", "validation", "test")


def series(values: list[str | None], start: int = 1) -> pandas.Series:
    return pandas.Series(values, index=range(start, start + len(values)), dtype="str")


def sizes(split: pandas.Series) -> tuple[int, ...]:
    counted = Counter(split)
    return tuple(counted[split] for split in SPLITS)


def options(**changes: object) -> SplitOptions:
    return SplitOptions.read(changes)


def test_a_golden_split() -> None:
    """Written down once: if this changes, every earlier run's split changes with it."""
    labels = series(["a", "b", "a", "b", "c"] * 8)
    letters = {"train": "t", "validation": "v", "test": "e"}
    short = "".join(letters[split] for split in split_rows(labels, None, options()))
    assert short == "tttetvtvtttttttttetetttvttettttttttttttv"
    other = "".join(letters[split] for split in split_rows(labels, None, options(seed=8)))
    assert other == "tttttttvtetttettttettttttttettttvtttvttv"


@pytest.mark.parametrize("trial", range(60))
def test_sizes_hold_within_one_row_and_classes_keep_their_share(trial: int) -> None:
    rng = random.Random(trial)
    classes = rng.randint(2, 40)
    weights = [rng.random() ** 3 + 0.01 for _ in range(classes)]
    labels = series([f"class {n}" for n in rng.choices(range(classes), weights, k=rng.randint(20, 2000))])
    validation, test = rng.choice([0.05, 0.1, 0.2, 0.33]), rng.choice([0.05, 0.1, 0.25])
    chosen = options(train=1 - validation - test, validation=validation, test=test, seed=trial)
    split = split_rows(labels, None, chosen)
    assert list(split.index) == list(labels.index)
    wanted = [max(1.0, len(labels) * fraction) for fraction in (chosen.train, validation, test)]
    assert all(abs(size - want) <= 1.0 + 1e-9 for size, want in zip(sizes(split), wanted, strict=True))
    table = pandas.crosstab(labels, split).reindex(columns=SPLITS, fill_value=0)
    assert (table["train"] >= 1).all()
    enough = table[table.sum(axis=1) >= 3]
    for each in SPLITS[1:]:
        if len(enough) <= table[each].sum():
            assert (enough[each] >= 1).all()
    big = table[table.sum(axis=1) >= 60]
    for each, fraction in zip(SPLITS, (chosen.train, validation, test), strict=True):
        assert ((big[each] - big.sum(axis=1) * fraction).abs() <= 3).all()


@pytest.mark.parametrize("trial", range(200))
def test_largest_remainder(trial: int) -> None:
    rng = random.Random(trial)
    raw = [rng.random() for _ in range(rng.randint(1, 6))]
    fractions = [value / sum(raw) for value in raw]
    total = rng.randint(0, 5000)
    counts = largest_remainder(total, fractions)
    assert sum(counts) == total
    assert all(abs(count - total * fraction) < 1 for count, fraction in zip(counts, fractions, strict=True))
    assert largest_remainder(10, [0.8, 0.1, 0.1]) == [8, 1, 1]


def test_allocate_adds_up_both_ways_even_without_room() -> None:
    counts = allocate([3] * 50, [120, 15, 15])
    assert [sum(row) for row in counts] == [3] * 50
    assert [sum(column) for column in zip(*counts, strict=True)] == [120, 15, 15]
    assert all(row[0] >= 1 for row in counts)
    with pytest.raises(ValueError, match="same number"):
        allocate([3], [1, 1])


@pytest.mark.parametrize("size", [1, 3])
def test_a_class_for_almost_every_row_takes_no_time(size: int) -> None:
    """A column of identifiers, chosen as the class by mistake, must not hold up the page."""
    labels = series([f"class {n // size}" for n in range(60_000)])
    begin = time.process_time()
    split = split_rows(labels, None, options())
    assert time.process_time() - begin < 5  # about 0.5 s
    assert sizes(split) == (48_000, 6_000, 6_000)
    middle = labels.index.to_series()[split == "test"].mean()
    assert 27_000 < middle < 33_000  # not the first ones of the alphabet


def test_fractions_that_add_up_almost() -> None:
    assert sum(largest_remainder(2_000_000, [0.3333337, 0.3333336, 0.3333334])) == 2_000_000


def test_small_classes() -> None:
    labels = series(["common"] * 90 + ["three"] * 3 + ["two"] * 2 + ["one"])
    split = split_rows(labels, None, options())
    table = pandas.crosstab(labels, split)
    assert list(table.loc["three", list(SPLITS)]) == [1, 1, 1]
    assert table.loc["one", "train"] == 1
    assert table.loc["two", "train"] >= 1


def test_without_stratifying_the_sizes_still_hold() -> None:
    labels = series(["a"] * 50 + ["b"] * 50)
    split = split_rows(labels, None, options(stratify=False))
    assert sizes(split) == (80, 10, 10)
    assert (split != split_rows(labels, None, options())).any()


def test_without_labels() -> None:
    assert sizes(split_rows(series([None] * 20), None, options())) == (16, 2, 2)


def test_a_row_that_leaves_moves_few_others() -> None:
    labels = series(["a", "b"] * 100)
    whole = split_rows(labels, None, options())
    less = split_rows(labels.drop(17), None, options())
    assert (whole.drop(17) != less).sum() <= 3


def test_too_few_rows() -> None:
    with pytest.raises(StudioError, match="too few rows"):
        split_rows(series(["a", "b"]), None, options())
    assert sizes(split_rows(series(["a", "b", "a"]), None, options())) == (1, 1, 1)


# --- splits that the upload brings -----------------------------------------------------------------


def given(**counts: int) -> tuple[pandas.Series, pandas.Series]:
    named = [split for split, count in counts.items() for _ in range(count)]
    return series(["a", "b"] * (len(named) // 2)), series([None if split == "none" else split for split in named])


def test_three_given_splits_stay_exactly() -> None:
    labels, named = given(train=20, validation=6, test=4)
    assert list(split_rows(labels, named, options())) == list(named)


def test_a_lone_validation_split_stays_whole_and_test_comes_from_train() -> None:
    labels, named = given(train=100, validation=30)
    split = split_rows(labels, named, options())
    assert (split[named == "validation"] == "validation").all()
    assert sizes(split) == (90, 30, 10)
    assert set(labels[split == "test"]) == {"a", "b"}


def test_a_lone_test_split_stays_whole_and_validation_comes_from_train() -> None:
    labels, named = given(train=100, test=50)
    split = split_rows(labels, named, options(train=0.7, validation=0.2, test=0.1))
    assert (split[named == "test"] == "test").all()
    assert sizes(split) == (80, 20, 50)


def test_rows_without_a_split_train_beside_a_given_test_split() -> None:
    labels, named = given(none=100, test=20)
    split = split_rows(labels, named, options())
    assert sizes(split) == (90, 10, 20)


def test_a_lone_training_split_is_split_by_the_fractions() -> None:
    labels, named = given(train=100)
    assert sizes(split_rows(labels, named, options())) == (80, 10, 10)


def test_given_splits_may_be_ignored() -> None:
    labels, named = given(train=20, validation=60, test=20)
    assert sizes(split_rows(labels, named, options(keep=False))) == (80, 10, 10)


def test_no_training_split() -> None:
    labels, named = given(validation=10, test=10)
    with pytest.raises(StudioError, match="no train split"):
        split_rows(labels, named, options())


def test_a_sample_keeps_shares() -> None:
    labels = series(["a"] * 600 + ["b"] * 300 + ["c"] * 100)
    chosen = sample_rows(labels, 100, seed=1)
    assert dict(Counter(labels[chosen])) == {"a": 60, "b": 30, "c": 10}
    assert (chosen == sample_rows(labels, 100, seed=1)).all()
    assert (chosen != sample_rows(labels, 100, seed=2)).any()


@pytest.mark.parametrize(
    "fractions", [{"train": 0.5}, {"train": 1.0, "validation": 0.0, "test": 0.0}, {"train": 0.9, "validation": 0.2}]
)
def test_fractions_must_add_up(fractions: dict[str, float]) -> None:
    with pytest.raises(StudioError):
        options(**fractions)
