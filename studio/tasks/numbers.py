"""What regression tasks share: scores and their views."""

from collections.abc import Sequence

import numpy

from studio.tasks.base import Answer, Marks, Row, Scores, View

MOST_POINTS = 2000  # of a scatter plot; of more, evenly spread ones are drawn
BARS = 11  # of the errors' histogram, the middle one around no error


class NumberScorer:
    """Errors of predicted numbers. deviation: of the training numbers; errors are sorted into bars by it."""

    def __init__(self, target: str, deviation: float) -> None:
        self._target, self._bar = target, deviation / 2 or 1.0
        self._true: list[float] = []
        self._guessed: list[float] = []

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks: list[Marks] = []
        for answer, row in zip(answers, rows, strict=True):
            true, guessed = float(row[self._target]), float(answer.value)
            marks.append((_point_mark(len(self._true)), _error_mark(guessed - true, self._bar)))
            self._true.append(true)
            self._guessed.append(guessed)
        return marks

    def scores(self) -> Scores:
        if not self._true:
            return Scores({})
        true, guessed = numpy.asarray(self._true), numpy.asarray(self._guessed)
        return Scores(number_metrics(true, guessed), (_scatter(true, guessed), _errors(guessed - true, self._bar)))


def number_metrics(true: numpy.ndarray, guessed: numpy.ndarray) -> dict[str, float]:
    """RMSE, MAE, R² (scikit-learn) and Spearman's rank correlation (SciPy); what is not defined is left out."""
    from scipy.stats import spearmanr
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    metrics = {
        "rmse": float(root_mean_squared_error(true, guessed)),
        "mae": float(mean_absolute_error(true, guessed)),
    }
    if len(true) > 1 and true.std() > 0:
        metrics["r2"] = float(r2_score(true, guessed))
        if guessed.std() > 0:
            metrics["spearman"] = float(spearmanr(true, guessed).statistic)
    return metrics


def _scatter(true: numpy.ndarray, guessed: numpy.ndarray) -> View:
    every = max(1, len(true) // MOST_POINTS)
    points = [
        {"x": float(true[place]), "y": float(guessed[place]), "mark": _point_mark(place)}
        for place in range(0, len(true), every)
    ]
    data = {"points": points, "x_title": "Correct", "y_title": "Predicted"}
    return View("scatter", "Every answer beside the true number", data)


def _errors(errors: numpy.ndarray, bar: float) -> View:
    places = range(-(BARS // 2), BARS // 2 + 1)
    counted = [_error_place(error, bar) for error in errors]
    bars = [
        {"title": _error_title(place, bar), "value": counted.count(place), "mark": f"error {_error_title(place, bar)}"}
        for place in places
    ]
    return View("bars", "How far answers are off", {"bars": bars})


def _point_mark(place: int) -> str:
    return f"point {place}"


def _error_mark(error: float, bar: float) -> str:
    return f"error {_error_title(_error_place(error, bar), bar)}"


def _error_place(error: float, bar: float) -> int:
    """Which bar an error belongs to: 0 in the middle; the outer ones take all that is larger."""
    most = BARS // 2
    return int(numpy.clip(round(error / bar), -most, most)) if numpy.isfinite(error) else most


def _error_title(place: int, bar: float) -> str:
    low, high = (place - 0.5) * bar, (place + 0.5) * bar
    if place == BARS // 2:
        return f"over {low:.3g}"
    return f"under {high:.3g}" if place == -(BARS // 2) else f"{low:.3g} to {high:.3g}"
