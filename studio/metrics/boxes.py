"""COCO's mean average precision of boxes, through faster-coco-eval."""

from collections.abc import Mapping, Sequence
from typing import Any

from studio.language import _
from studio.metrics.base import Metric

MAP = Metric(
    "map", _("Mean average precision (mAP)"), _("how well objects are found and framed; tight frames count more")
)
MAP_50 = Metric("map_50", _("mAP at 50% overlap"), _("how well objects are found, where a frame may be off by half"))
RECALL_100 = Metric("recall_100", _("Recall (at most 100 boxes)"), _("share of the objects that are found"))


def average_precision(
    truth: Mapping[str, Sequence[Mapping[str, Any]]], answers: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, float], dict[str, float]]:
    """The metrics, and the average precision at 50% overlap of each class by name; one without objects has none.

    truth: images, annotations and categories as a file of COCO holds them. answers: image_id, category_id, bbox and
    score, as its files of results do. `map` is the mean over overlaps of 50 to 95%.
    """
    if not truth["annotations"] or not answers:
        return dict.fromkeys((MAP.name, MAP_50.name, RECALL_100.name), 0.0), {}
    import numpy
    from faster_coco_eval import COCO, COCOeval_faster

    known = COCO(dict(truth))
    measured = COCOeval_faster(known, known.loadRes(list(answers)), "bbox", print_function=_silent)
    for step in (measured.evaluate, measured.accumulate, measured.summarize):
        step()
    names = {category["id"]: category["name"] for category in truth["categories"]}
    precision = measured.eval["precision"][0, :, :, 0, -1]  # (recalls, classes) at 50%, all sizes, 100 boxes
    by_class = {
        names[number]: float(values.mean())
        for number, values in zip(measured.params.catIds, precision.T, strict=True)
        if (values > -1).all()
    }
    stats = numpy.maximum(measured.stats, 0.0)
    return {MAP.name: float(stats[0]), MAP_50.name: float(stats[1]), RECALL_100.name: float(stats[8])}, by_class


def _silent(*words: object, **wishes: object) -> None:
    """faster-coco-eval prints a table."""
