"""Batches: every row once, the same ones for the same seed, like lengths together."""

import numpy
import pytest

from studio.engine.batching import (
    evaluation_batches,
    evaluation_marks,
    steps_per_epoch,
    training_batches,
    useful_batch_size,
)

LENGTHS = numpy.random.default_rng(0).integers(3, 120, 1000).tolist()


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["fixed", "lengths"])
@pytest.mark.parametrize(("rows", "size"), [(1000, 8), (1000, 32), (33, 8), (5, 8), (1, 8), (17, 16)])
def test_every_row_once(rows: int, size: int, lengths: list[int] | None) -> None:
    lengths = lengths[:rows] if lengths else None
    for epoch in range(3):
        batches = training_batches(rows, size, 7, epoch, lengths)
        assert sorted(row for batch in batches for row in batch) == list(range(rows))
        assert len(batches) == steps_per_epoch(rows, size)
        assert all(len(batch) <= size + 1 for batch in batches)
        assert rows == 1 or all(len(batch) > 1 for batch in batches)  # batch normalisation needs two


def test_a_function_of_seed_and_epoch() -> None:
    first = training_batches(1000, 16, 7, 0, LENGTHS)
    assert training_batches(1000, 16, 7, 0, LENGTHS) == first
    assert training_batches(1000, 16, 7, 1, LENGTHS) != first
    assert training_batches(1000, 16, 8, 0, LENGTHS) != first


def test_like_lengths_save_padding() -> None:
    def padded(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in batches)

    words = sum(LENGTHS)
    assert padded(training_batches(1000, 16, 7, 0, LENGTHS)) < 1.1 * words
    assert padded(training_batches(1000, 16, 7, 0, None)) > 1.6 * words


def test_long_batches_come_at_random_times() -> None:
    batches = training_batches(1000, 16, 7, 0, LENGTHS)
    longest = [max(LENGTHS[row] for row in batch) for batch in batches]
    assert abs(numpy.corrcoef(longest, range(len(longest)))[0, 1]) < 0.4


def test_evaluation_takes_the_longest_first() -> None:
    batches = evaluation_batches(1000, 64, LENGTHS)
    assert sorted(row for batch in batches for row in batch) == list(range(1000))
    assert max(LENGTHS[row] for row in batches[0]) == max(LENGTHS)
    assert evaluation_batches(5, 2, None) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    ("steps", "evaluations", "marks"), [(10, 1, {10}), (10, 2, {5, 10}), (3, 5, {1, 2, 3}), (1, 1, {1})]
)
def test_marks(steps: int, evaluations: int, marks: set[int]) -> None:
    assert evaluation_marks(steps, evaluations) == marks


def test_automatic_batch_size() -> None:
    assert [useful_batch_size(rows) for rows in (10, 319, 320, 640, 10**6)] == [8, 8, 16, 32, 32]
