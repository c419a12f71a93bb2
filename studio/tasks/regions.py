"""How well the regions of images are marked: the overlap of each class, and which classes are taken for others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.data.regions import LEFT_OUT, pixels_of
from studio.language import _, in_percent, plural, sentences
from studio.metrics.found import found_metrics
from studio.metrics.intervals import Interval
from studio.metrics.regions import IOU, MIOU, PIXEL_ACCURACY, miou_interval, overlaps, region_metrics
from studio.tasks.base import Answer, Marks, Row, Scores
from studio.tasks.classes import confusion_views, pair_marks
from studio.tasks.remarks import named

if TYPE_CHECKING:
    import numpy

WORTH_A_MARK = 0.01  # share of an image that is given a wrong class


class RegionScorer:
    """labels: every class. Pixels that the masks leave out count nowhere."""

    def __init__(self, labels: Sequence[str]) -> None:
        import numpy

        self._labels = list(labels)
        self._matrix = numpy.zeros((len(labels), len(labels)), dtype="int64")
        self._sums: list[numpy.ndarray] = []

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks = []
        for answer, row in zip(answers, rows, strict=True):
            true = row["mask"].pixels(self._labels)
            answered = pixels_of(answer.value, (true.shape[1], true.shape[0]), self._labels)
            found = self._count(true, answered)
            self._matrix += found
            self._sums.append(_sums(found))
            marks.append(pair_marks(self._pairs(found)))
        return marks

    def _count(self, true: "numpy.ndarray", answered: "numpy.ndarray") -> "numpy.ndarray":
        """Pixels by (true, answered)."""
        import numpy

        classes, known = len(self._labels), (true != LEFT_OUT) & (answered != LEFT_OUT)
        pairs = true[known].astype("int64") * classes + answered[known]
        return numpy.bincount(pairs, minlength=classes * classes).reshape(classes, classes)

    def _pairs(self, found: "numpy.ndarray") -> list[tuple[str, str]]:
        least = WORTH_A_MARK * max(1, found.sum())
        return [
            (self._labels[true], self._labels[answered])
            for true, answered in zip(*found.nonzero(), strict=True)
            if true == answered or found[true, answered] >= least
        ]

    def scores(self) -> Scores:
        if not self._matrix.sum():
            return Scores({})
        counted = plural("{n:,} image", "{n:,} images", len(self._sums))
        interval: Interval = miou_interval(counted, self._sums)
        return Scores(region_metrics(self._matrix), self._views(), {MIOU.name: interval}, tuple(self._remarks()))

    def _views(self) -> tuple[Any, ...]:
        both, there, answered = _sums(self._matrix).reshape(3, -1).tolist()
        rows = [
            {
                **{"label": label, IOU.name: 0.0 if shared != shared else float(shared)},
                **{**found_metrics(right, of, said), "support": of},
            }
            for label, shared, right, of, said in zip(
                self._labels, overlaps(self._matrix), both, there, answered, strict=True
            )
        ]
        confusion, each = confusion_views(self._labels, self._matrix.tolist(), rows)
        return (
            replace(confusion, title=_("Which class was taken for which, in pixels (confusion matrix)")),
            replace(each, data={**each.data, "support_title": _("Pixels")}),
        )

    def _remarks(self) -> list[str]:
        """What marking everything as the largest class would give, and classes that are never marked."""
        there = self._matrix.sum(axis=1)
        share = in_percent(there.max() / there.sum())
        largest = named([self._labels[there.argmax()]])
        said = [_("{label} alone covers {share} of the pixels.", label=largest, share=share)]
        never = [label for label, right, of in zip(self._labels, self._matrix.diagonal(), there, strict=True)
                 if of and not right]  # fmt: skip
        return [*said, *([_("The model never finds {classes}.", classes=named(never))] if never else [])]


def _sums(matrix: "numpy.ndarray") -> "numpy.ndarray":
    """The shared, the true and the answered pixels of every class, one after another."""
    import numpy

    return numpy.concatenate([matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)])


def region_verdict(scores: Mapping[str, Any]) -> str:
    """93% of the pixels are right. Hardest is 'scratch': 41% overlap. Nothing where no pixels were counted."""
    if PIXEL_ACCURACY.name not in scores["metrics"]:
        return ""
    good = _("{share} of the pixels are right.", share=in_percent(scores["metrics"][PIXEL_ACCURACY.name]))
    rows = next((view["data"]["rows"] for view in scores["views"] if view["kind"] == "classes"), ())
    worst = Counter({row["label"]: -row[IOU.name] for row in rows if row["support"]}).most_common(1)
    if not worst:
        return good
    ((label, overlap),) = worst
    return sentences(good, _("Hardest is {label}: {share} overlap.", label=named([label]), share=in_percent(-overlap)))
