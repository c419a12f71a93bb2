"""What regression tasks share: the scale of the numbers, answers, scores and their views.

The model learns numbers with mean 0 and deviation 1; when training ends its last layer takes in the scale.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from studio.data.columns import Column
from studio.data.fields.number import read_number
from studio.language import _, number, plural
from studio.metrics.intervals import Interval, resampled
from studio.metrics.numbers import MAE, RMSE, SPEARMAN, number_metrics, rank_interval
from studio.models.heads import label_layers
from studio.tasks.base import Answer, Marks, Row, Scores, View

if TYPE_CHECKING:
    import pandas
    import torch

NUMBER = Column(
    "number",
    _("Number"),
    "number",
    _("The number that the model learns to predict for each example."),
    hints=("number", "value", "score", "rating", "stars", "price", "amount", "target", "y", "label"),
)
SHOWN_QUANTILES = 21  # of the training numbers, for the figure in which an answer is drawn

MOST_POINTS = 2000  # of a scatter plot; of more, evenly spread ones are drawn
BARS = 11  # of the errors' histogram, the middle one around no error
POINT = _("Predicted {predicted}, correct {correct}")
CLOSE = _("Off by less than {high}")
HIGH, FAR_HIGH = _("{low} to {high} too high"), _("over {low} too high")
LOW, FAR_LOW = _("{low} to {high} too low"), _("over {low} too low")


def number_config(table: "pandas.DataFrame") -> dict[str, Any]:
    """Config values for one number a row: the training split's mean, deviation and quantiles."""
    learned = table if "split" not in table else table[table["split"] == "train"]
    numbers = learned["number"].map(read_number).astype("float64")
    shares = [index / (SHOWN_QUANTILES - 1) for index in range(SHOWN_QUANTILES)]
    return {
        "num_labels": 1,
        "id2label": {0: "number"},
        "label2id": {"number": 0},
        "problem_type": "regression",
        "target_mean": float(numbers.mean()),
        "target_deviation": float(numbers.std(ddof=0)) or 1.0,
        "target_quantiles": [float(value) for value in numbers.quantile(shares)],
        "target_in_weights": False,
    }


def restored_scale(config: Mapping[str, Any]) -> dict[str, Any]:
    names = ("target_mean", "target_deviation", "target_quantiles")
    return {**{name: config[name] for name in names}, "target_in_weights": False}


def learn_without_mean(model: Any) -> None:
    """Where nothing can take in a mean: a head without a bias."""
    config = model.config
    if hasattr(config, "target_mean") and all(layer.bias is None for layer in label_layers(model)):
        config.target_deviation = (config.target_deviation**2 + config.target_mean**2) ** 0.5
        config.target_mean = 0.0


def scaled_number(row: Row, config: Any) -> dict[str, float]:
    """What is learned of a row, where its number is known."""
    return {"labels": (row["number"] - config.target_mean) / config.target_deviation} if "number" in row else {}


def number_answers(logits: "torch.Tensor", config: Any) -> list[Answer]:
    """Logits (rows, 1) -> numbers in their own unit."""
    values = logits[:, 0].double()
    if not config.target_in_weights:
        values = values * config.target_deviation + config.target_mean
    details = {"distribution": list(config.target_quantiles)}
    return [Answer(float(value), details) for value in values.cpu()]


def take_in_scale(model: Any) -> None:
    """The last layer gives the number itself, as plain transformers expects it."""
    import torch

    config = model.config
    if config.target_in_weights:
        return
    with torch.no_grad():
        for layer in label_layers(model):
            layer.weight.mul_(config.target_deviation)
            if layer.bias is not None:
                layer.bias.mul_(config.target_deviation).add_(config.target_mean)
    config.target_in_weights = True


class NumberScorer:
    """Errors of predicted numbers. deviation: of the training numbers; errors are sorted into bars by it.

    ranks: the order is what matters: its correlation is 0 where everything is answered with one number.
    """

    def __init__(self, target: str, deviation: float, ranks: bool = False) -> None:
        self._ranks = ranks
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
        metrics, intervals = number_metrics(true, guessed), _intervals(guessed - true)
        if self._ranks:
            metrics.setdefault(SPEARMAN.name, 0.0)
            counted = plural("{n:,} example", "{n:,} examples", len(true))
            intervals[SPEARMAN.name] = rank_interval(counted, metrics[SPEARMAN.name], len(true))
        return Scores(metrics, views, intervals)


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


def _written(value: float, digits: int) -> str:
    """Rounded to so many digits, larger ones to whole numbers; never with an exponent where that can be read."""
    return number(value, ",.0f" if 10**digits <= abs(value) < 1e12 else f",.{digits}g")
