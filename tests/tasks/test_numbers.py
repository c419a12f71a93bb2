"""Guessed numbers: their metrics, and the views in which they are looked at."""

from typing import Any

import pytest

from studio.tasks.base import Answer
from studio.tasks.numbers import NumberScorer, round_width


def scored(true: list[float], predicted: list[float], deviation: float = 1.0) -> tuple[list[Any], Any]:
    """The marks of each row, and the scores."""
    scorer = NumberScorer("number", deviation)
    rows = [{"number": number} for number in true]
    return scorer.add([Answer(number) for number in predicted], rows), scorer.scores()


def test_metrics_are_those_of_the_field() -> None:
    _, scores = scored([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 6.0])
    assert scores.metrics == pytest.approx({"rmse": 1.0, "mae": 0.5, "r2": 0.2, "spearman": 1.0})


def test_what_is_not_defined_is_left_out() -> None:
    assert set(scored([2.0, 2.0], [1.0, 3.0])[1].metrics) == {"rmse", "mae"}
    assert scored([], [])[1].metrics == {}


def test_errors_carry_their_interval() -> None:
    intervals = scored([0.0] * 40, [1.0, 2.0, 3.0, 4.0] * 10)[1].intervals
    for name, value in (("rmse", 7.5**0.5), ("mae", 2.5)):
        low, high = intervals[name].low, intervals[name].high
        assert low is not None and high is not None and value - 0.5 < low < value < high < value + 0.5
    assert intervals["rmse"].counted == "40 examples"


def test_every_item_of_a_view_selects_its_rows() -> None:
    marks, scores = scored([1.0, 2.0, 30_000.5, -4.0], [1.1, 3.0, 30_000.0, -9.0])
    points, bars = (view.data for view in scores.views)
    assert [point["mark"] for point in points["points"]] == [row[0] for row in marks]
    assert marks[0] == ("Predicted 1.1, correct 1", "Off by less than 0.25")
    assert marks[2][0] == "Predicted 30,000, correct 30,000"
    assert {row[1] for row in marks} == {bar["mark"] for bar in bars["bars"] if bar["value"]}
    assert sum(bar["value"] for bar in bars["bars"]) == 4


def test_errors_are_counted_in_round_steps_from_the_lowest_to_the_highest() -> None:
    _, scores = scored([0.0] * 4, [-0.6, 0.1, 0.3, 0.6])
    bars = scores.views[1].data["bars"]
    assert [(bar["title"], bar["value"]) for bar in bars] == [
        ("0.25 to 0.75 too low", 1),
        ("Off by less than 0.25", 1),
        ("0.25 to 0.75 too high", 2),
    ]
    far = scored([0.0], [100.0])[1].views[1].data["bars"]
    assert far[-1]["title"] == "over 2.25 too high" and far[-1]["value"] == 1


@pytest.mark.parametrize(("rough", "width"), [(0.6, 0.5), (1.6, 2.0), (90_000.0, 100_000.0), (0.0021, 0.002)])
def test_steps_are_round(rough: float, width: float) -> None:
    assert round_width(rough) == pytest.approx(width)
