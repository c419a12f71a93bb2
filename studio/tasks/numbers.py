"""What regression tasks share: scores and their views."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy

from studio.language import _, plural
from studio.metrics.intervals import Interval, resampled
from studio.metrics.numbers import MAE, RMSE, number_metrics
from studio.tasks.base import Answer, Marks, Row, Scores, View

MOST_POINTS = 2000  # of a scatter plot; of more, evenly spread ones are drawn
BARS = 11  # of the errors' histogram, the middle one around no error
POINT = _("Predicted {predicted}, correct {correct}")
CLOSE = _("Off by less than {high}")
HIGH, FAR_HIGH = _("{low} to {high} too high"), _("over {low} too high")
LOW, FAR_LOW = _("{low} to {high} too low"), _("over {low} too low")


class NumberScorer:
    """Errors of predicted numbers. deviation: of the training numbers; errors are sorted into bars by it."""

    def __init__(self, target: str, deviation: float) -> None:
        self._target, self._bar = target, round_width(deviation / 2 or 1.0)
        self._true: list[float] = []
        self._guessed: list[float] = []

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            true, guessed = float(row[self._target]), float(answer.value)
            words, ends = _error_words(_error_place(guessed - true, self._bar), self._bar)
            marks.append((_point_mark(true, guessed), words.format(**ends)))
            self._true.append(true)
            self._guessed.append(guessed)
        return marks

    def scores(self) -> Scores:
        if not self._true:
            return Scores({})
        true, guessed = numpy.asarray(self._true), numpy.asarray(self._guessed)
        views = (_scatter(true, guessed), _errors(guessed - true, self._bar))
        return Scores(number_metrics(true, guessed), views, _intervals(guessed - true))


def _intervals(errors: numpy.ndarray) -> dict[str, Interval]:
    """Of both means of errors, from the rows' own."""
    count = len(errors)
    counted = plural("{n:,} example", "{n:,} examples", count)
    return {
        RMSE.name: resampled(counted, errors[:, None] ** 2, lambda sums: numpy.sqrt(sums[:, 0] / count)),
        MAE.name: resampled(counted, abs(errors)[:, None], lambda sums: sums[:, 0] / count),
    }


def _scatter(true: numpy.ndarray, guessed: numpy.ndarray) -> View:
    every = max(1, len(true) // MOST_POINTS)
    points = [
        {"x": float(one), "y": float(other), "mark": _point_mark(one, other)}
        for one, other in zip(true[::every], guessed[::every], strict=True)
    ]
    data = {"points": points, "x_title": _("Correct"), "y_title": _("Predicted")}
    return View("scatter", _("Every answer beside the true number"), data)


def _errors(errors: numpy.ndarray, bar: float) -> View:
    """How many answers are how far off, from the lowest that there is to the highest."""
    counts = Counter(_error_place(error, bar) for error in errors)
    places = range(min(0, *counts), max(0, *counts) + 1)
    told = {place: _error_words(place, bar) for place in places}
    bars = [
        {"title": _(words, **ends), "value": counts[place], "mark": words.format(**ends)}
        for place, (words, ends) in told.items()
    ]
    return View("bars", _("How far answers are off"), {"bars": bars})


def round_width(rough: float) -> float:
    """The nearest of 1, 2, 5, 10, 20, ... and their like below 1."""
    power = 10.0 ** math.floor(math.log10(rough))
    return min((power * factor for factor in (1, 2, 5, 10)), key=lambda width: abs(math.log(width / rough)))


def _point_mark(true: float, guessed: float) -> str:
    return POINT.format(predicted=_written(guessed, 4), correct=_written(true, 4))


def _error_place(error: float, bar: float) -> int:
    """Which bar an error belongs to: 0 in the middle; the outer ones take all that is larger."""
    most = BARS // 2
    return int(numpy.clip(round(error / bar), -most, most)) if numpy.isfinite(error) else most


def _error_words(place: int, bar: float) -> tuple[str, dict[str, str]]:
    """How far off the answers of a bar are: a sentence, and what goes into its places."""
    low, high = (_written((abs(place) + half) * bar, 6) for half in (-0.5, 0.5))
    is_outer = abs(place) == BARS // 2
    above, below = (FAR_HIGH, FAR_LOW) if is_outer else (HIGH, LOW)
    return (above if place > 0 else below) if place else CLOSE, {"low": low, "high": high}


def _written(number: float, digits: int) -> str:
    """Rounded to so many digits, larger ones to whole numbers; never with an exponent where that can be read."""
    return f"{number:,.0f}" if 10**digits <= abs(number) < 1e12 else f"{number:,.{digits}g}"
