"""Intervals against scipy's, against drawing anew from where the rows come from, and where there is none."""

import numpy
import pytest
from scipy.stats import binomtest

from studio.metrics.classes import ACCURACY
from studio.metrics.found import found_interval
from studio.metrics.intervals import Interval, resampled, share_interval
from studio.metrics.numbers import RMSE


@pytest.mark.parametrize(("right", "of"), [(58, 60), (0, 5), (5, 5), (1, 1), (700, 1000)])
def test_shares_have_wilson_s_interval(right: int, of: int) -> None:
    found, theirs = share_interval(right, of), binomtest(right, of).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_drawing_rows_again_covers_what_would_come_of_others() -> None:
    """Of a hundred samples of normal errors with deviation 2, about 95 intervals hold the 2."""
    random = numpy.random.default_rng(3)
    hit = 0
    for _ in range(100):
        errors = random.normal(0, 2, 80)
        found = resampled("", errors[:, None] ** 2, lambda sums: numpy.sqrt(sums[:, 0] / 80))
        assert found.low is not None and found.high is not None
        hit += found.low < 2 < found.high
    assert 86 <= hit <= 99


def test_where_rows_say_nothing_there_is_no_interval() -> None:
    def mean(sums: numpy.ndarray) -> numpy.ndarray:
        return sums[:, 0]

    for rows in ([[1.0]] * 50, [[1.0], [2.0]], [[numpy.inf], *[[1.0]] * 50]):
        assert resampled("so many", numpy.array(rows), mean) == Interval("so many")


def test_f1_is_drawn_by_rows() -> None:
    rows = [(2, 2, 2), (0, 1, 1), (1, 1, 2)] * 20
    found = found_interval((60, 80, 100), rows)
    assert found.counted == "60 of 80 found, 40 found wrongly"
    assert found.low is not None and found.high is not None and found.low < 2 * 60 / 180 < found.high
    assert found == found_interval((60, 80, 100), rows), "the same every time"


def test_they_are_told_in_plain_words() -> None:
    said = share_interval(58, 60).text(ACCURACY)
    assert said == "58 of 60, so likely between 88.6% and 99.1% (95% interval)"
    assert Interval("9 examples").text(RMSE) == "9 examples; how much of it is chance is not known"
