"""How well boxes are found: COCO's mean average precision, and which objects were found, missed, or mislabelled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from studio.data.fields.boxes import Box
from studio.language import _
from studio.metrics.boxes import MAP, MAP_50, average_precision
from studio.metrics.intervals import Interval
from studio.tasks.base import Answer, Marks, Row, Scores
from studio.tasks.classes import NOTHING, found_views, pair_marks
from studio.tasks.remarks import never_found

SURE = 0.5  # an answered box with a lower score is not counted among the found ones
OVERLAP = 0.5  # share that two boxes must have in common (intersection over union) to be the same object


class BoxScorer:
    """Average precision, and what was found, missed or mislabelled. labels: every class."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = list(labels)
        self._index = {label: number for number, label in enumerate(labels, 1)}
        self._images: list[dict[str, Any]] = []
        self._objects: list[dict[str, Any]] = []
        self._answers: list[dict[str, Any]] = []
        self._counts: Counter[tuple[str, str]] = Counter()  # (true, answered)

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        marks = []
        for answer, row in zip(answers, rows, strict=True):
            self._remember(answer, row["boxes"])
            pairs = match(row["boxes"], [box_in(found) for found in answer.value if found["score"] >= SURE])
            self._counts.update(pairs)
            marks.append(pair_marks(pairs))
        return marks

    def _remember(self, answer: Answer, boxes: Sequence[Box]) -> None:
        image = len(self._images) + 1
        self._images.append({"id": image, **answer.details})
        for box in boxes:
            sides = [box.left, box.top, box.width, box.height]
            known = {"id": len(self._objects) + 1, "image_id": image, "bbox": sides, "area": box.width * box.height}
            self._objects.append({**known, "category_id": self._index[box.label], "iscrowd": 0})
        for found in answer.value:
            known = {"image_id": image, "bbox": found["box"], "score": found["score"]}
            self._answers.append({**known, "category_id": self._index[found["label"]]})

    def scores(self) -> Scores:
        if not self._images:
            return Scores({})
        categories = [{"id": number, "name": label} for label, number in self._index.items()]
        truth = {"images": self._images, "annotations": self._objects, "categories": categories}
        metrics, by_class = average_precision(truth, self._answers)
        measured = {label: {MAP_50.name: precision} for label, precision in by_class.items()}
        views = found_views(self._counts, self._labels, _("Objects"), measured)
        counted = _("{objects:,} objects in {images:,} images", objects=len(self._objects), images=len(self._images))
        remarks = never_found(self._counts, self._labels)
        return Scores(metrics, views, {MAP.name: Interval(counted)}, tuple(remarks))  # it is no mean over images


def box_in(found: Mapping[str, Any]) -> Box:
    left, top, width, height = found["box"]
    return Box(left, top, width, height, found["label"])


def match(true: Sequence[Box], answered: Sequence[Box]) -> list[tuple[str, str]]:
    """(true label, answered label) of every object: the surest answer takes the object that it overlaps most."""
    free = list(true)
    pairs = []
    for box in answered:
        best = max(free, key=lambda other: overlap(box, other), default=None)
        if best is not None and overlap(box, best) >= OVERLAP:
            free.remove(best)
            pairs.append((best.label, box.label))
        else:
            pairs.append((NOTHING, box.label))
    return pairs + [(box.label, NOTHING) for box in free]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, from 0 to 1."""
    left, top, right, bottom = one.corners
    other_left, other_top, other_right, other_bottom = other.corners
    width = min(right, other_right) - max(left, other_left)
    height = min(bottom, other_bottom) - max(top, other_top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)
