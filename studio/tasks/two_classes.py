"""Two classes as a test for one of them: how sensitive and how specific it is, at any probability from which on the
class is said to be there. Used where a miss and a false alarm do not cost the same: in medicine, for fraud, for spam.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.language import _, number
from studio.metrics.found import PRECISION
from studio.metrics.intervals import Interval, share_interval
from studio.metrics.two_classes import SENSITIVITY, SPECIFICITY, operating_threshold, two_class_metrics
from studio.tasks.base import Answer, Row, Tools, View

if TYPE_CHECKING:
    import numpy

SETTING = "operating_point"  # in the model's config: {"label", "threshold"}
HALF = 0.5
FEWEST_TO_CHOOSE = 5  # rows of either class, to choose a point by
MOST_POINTS = 200  # of a curve
POSITIVE = ("positive", "pos", "yes", "true", "1", "ill", "sick", "abnormal", "malignant", "spam", "fraud", "defect")
NEGATIVE = ("negative", "neg", "no", "false", "0", "healthy", "well", "normal", "benign", "ham", "ok", "good")


def positive_class(labels: Sequence[str], rows: Mapping[str, int]) -> str:
    """The one of two classes that is tested for: by its name or the other's, else the one with fewer rows."""
    one, other = labels
    names = one.strip().casefold(), other.strip().casefold()
    if names[0] in POSITIVE or names[1] in NEGATIVE:
        return one
    if names[1] in POSITIVE or names[0] in NEGATIVE:
        return other
    return one if rows.get(one, 0) < rows.get(other, 0) else other


class TwoClasses:
    """Collects what is said of rows of two classes. point: as it was settled, if it was."""

    def __init__(self, labels: Sequence[str], point: Mapping[str, Any] | None = None) -> None:
        self._labels, self._point = tuple(labels), point
        self._true: list[str] = []
        self._shares: list[float] = []  # of the first label

    def add(self, answer: Answer, true: str) -> None:
        shares = answer.details.get("probabilities", {})
        if set(shares) == set(self._labels) and all(map(math.isfinite, shares.values())):
            self._true.append(true)
            self._shares.append(float(shares[self._labels[0]]))

    def settled(self) -> dict[str, Any] | None:
        """The point of operation that suits these rows best; None where too few tell."""
        label, true, shares = self._test()
        if min(int(true.sum()), int((~true).sum())) < FEWEST_TO_CHOOSE:
            return None
        return {"label": label, "threshold": round(operating_threshold(true, shares), 6)}

    def scores(self) -> tuple[dict[str, float], tuple[View, ...], dict[str, Interval]]:
        """Metrics, views and intervals; nothing where one of the classes does not occur."""
        label, true, shares = self._test()
        if not true.any() or true.all():
            return {}, (), {}
        points = [HALF, *([float(self._point["threshold"])] if self._point else [])]
        metrics = two_class_metrics(true, shares, HALF)
        found = shares >= HALF
        intervals = {
            SENSITIVITY.name: share_interval(int(found[true].sum()), int(true.sum())),
            SPECIFICITY.name: share_interval(int((~found[~true]).sum()), int((~true).sum())),
        }
        return metrics, _views(label, true, shares, points), intervals

    def _test(self) -> "tuple[str, numpy.ndarray, numpy.ndarray]":
        """The tested class; by row whether it is that, and its probability."""
        import numpy

        known = set(self._labels)
        counts = {label: self._true.count(label) for label in known}
        label = str(self._point["label"]) if self._point else positive_class(self._labels, counts)
        shares = numpy.asarray(self._shares, dtype="float64")
        true = numpy.asarray([each == label for each in self._true], dtype=bool)
        return label, true, shares if label == self._labels[0] else 1.0 - shares


def _views(label: str, true: "numpy.ndarray", shares: "numpy.ndarray", points: Sequence[float]) -> tuple[View, ...]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    rows = [_at(true, shares, point) for point in points]
    false_alarms, found, _unused = roc_curve(true, shares)
    precision, recall, _unused = precision_recall_curve(true, shares)
    there = {"y_title": _("share that is found (sensitivity)"), "x_title": _("share of false alarms (1 - specificity)")}
    right = {"y_title": _("share of alarms that are right (precision)"), "x_title": _("share that is found (recall)")}
    roc = {
        "points": _thinned(false_alarms, found),
        "places": [{"x": 1 - row[SPECIFICITY.name], "y": row[SENSITIVITY.name], "title": row["name"]} for row in rows],
        **there,
    }
    by_precision = {
        "points": _thinned(recall[::-1], precision[::-1]),
        "places": [{"x": row[SENSITIVITY.name], "y": row[PRECISION.name], "title": row["name"]} for row in rows],
        "level": float(true.mean()),
        **right,
    }
    columns = [
        {"key": "name", "title": _("From which probability on")},
        *[{"key": metric.name, "title": metric.title, "kind": "number"} for metric in SHOWN],
    ]
    shown = [{"name": row["name"], **{metric.name: metric.text(row[metric.name]) for metric in SHOWN}} for row in rows]
    return (
        View("table", _("As a test for '{label}'", label=label), {"columns": columns, "rows": shown}),
        View("line", _("'{label}': found and false alarms (ROC curve)", label=label), roc),
        View("line", _("'{label}': found and right (precision-recall curve)", label=label), by_precision),
    )


SHOWN = (SENSITIVITY, SPECIFICITY, PRECISION)


def _at(true: "numpy.ndarray", shares: "numpy.ndarray", threshold: float) -> dict[str, Any]:
    """The measures where the class is answered from this probability on."""
    alarms = shares >= threshold
    percent = number(100 * threshold, ".3g")
    name = (
        _("{percent} %, as the model answers", percent=percent)
        if threshold == HALF
        else _("{percent} %, chosen on the validation split", percent=percent)
    )
    return {
        "name": name,
        SENSITIVITY.name: float(alarms[true].mean()),
        SPECIFICITY.name: float((~alarms[~true]).mean()),
        PRECISION.name: float(true[alarms].mean()) if alarms.any() else 1.0,
    }


def _thinned(x: "numpy.ndarray", y: "numpy.ndarray") -> list[dict[str, float]]:
    """Both ends, and what lies between evenly thinned."""
    import numpy

    places = numpy.unique(numpy.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))
    return [{"x": round(float(x[place]), 5), "y": round(float(y[place]), 5)} for place in places]


def settle_operating_point(tools: Tools, answers: Sequence[Answer], rows: Sequence[Row], target: str = "label") -> None:
    """Into the model's config, by the answers to the validation split. What the model answers stays as it is."""
    known = TwoClasses(tools.labels)
    for answer, row in zip(answers, rows, strict=True):
        known.add(answer, str(row[target]))
    if (point := known.settled()) is not None:
        setattr(tools.config, SETTING, point)


def operating_point(config: Any) -> dict[str, Any] | None:
    return getattr(config, SETTING, None)
