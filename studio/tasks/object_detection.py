"""Find objects in images: what they are, and a box around each."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.boxes import Box, read_boxes
from studio.data.image_files import load_image
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.options import Options, setting
from studio.tasks.base import Answer, Batch, Collate, Item, Loss, Row, Scorer, Task, Tools
from studio.tasks.boxes import BoxScorer
from studio.tasks.classes import label_maps, name_classes
from studio.tasks.images import IMAGE, MIRROR_CHANCE
from studio.tasks.verdicts import found_verdict

if TYPE_CHECKING:
    import pandas
    import torch

BOXES = Column(
    "boxes",
    _("Boxes"),
    "boxes",
    _('The objects in each image: [{"box": [left, top, width, height], "label": "cat"}], in pixels.'),
    hints=("boxes", "objects", "annotations", "bboxes", "bbox"),
)
LEAST_SCORE, MOST_BOXES = 0.05, 100  # of the answers to an image: COCO's measure looks at a hundred


class DetectionOptions(Options):
    image_size: int = setting(
        480,
        title=_("Side of the images (in pixels)"),
        help=_("Every image is resized to a square of this side. Small objects need a large one, and more time."),
        ge=32,
        le=2048,
        same_model=True,
    )
    augment: bool = setting(
        False,
        title=_("Mirror the images (augmentation)"),
        help=_("Mirrors half of the training images from left to right, with their boxes, so that few go further."),
        same_model=True,
    )


class ObjectDetection(Task):
    """For DETR and similar models, whose processors convert outputs to boxes (YOLOS, RT-DETR, ...)."""

    name = "object-detection"
    title = _("Find objects")
    sentence = _("Find and frame things in images: cells, products, animals, damage.")
    icon = "target"
    group = _("Images")
    inputs = (IMAGE,)
    targets = (BOXES,)
    answer_kind = "boxes"
    headline = "map"
    model = ModelKind("AutoModelForObjectDetection", "image_processor", "object-detection", None, ("object-detection",))
    Options = DetectionOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        FIELDS[BOXES.kind].require_lesson(table["boxes"])
        return label_maps(sorted({box.label for cell in table["boxes"] for box in read_boxes(cell)}))

    def summary(self, labels: Sequence[str]) -> str:
        return f"Finds objects in images and frames them: {name_classes(labels)}."

    def prepare_processor(self, processor: Any, options: Any) -> None:
        """Squares of one size need no padding, so a box lies at the same place of its image in every batch."""
        processor.do_resize = True
        processor.do_pad = False
        processor.size = type(processor.size)(height=options.image_size, width=options.image_size)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [{"image": str(row["image"]), **self._targets(tools, row)} for row in rows]

    def _targets(self, tools: Tools, row: Row) -> Item:
        if "boxes" not in row:
            return {}
        boxes: list[Box] = row["boxes"]
        index = tools.config.label2id
        sides = [[box.left, box.top, box.width, box.height] for box in boxes]
        return {"sides": sides, "classes": [index[box.label] for box in boxes]}

    def open(self, tools: Tools, item: Item) -> Item:
        image = load_image(Path(item["image"]))
        encoded = tools.processor(images=image, annotations=_annotation(item), return_tensors="pt")
        opened = {"image": item["image"], "pixel_values": encoded["pixel_values"][0]}
        opened |= {"height": image.height, "width": image.width}
        if "sides" in item:
            labels: Mapping[str, torch.Tensor] = encoded["labels"][0]
            opened["labels"] = {"class_labels": labels["class_labels"], "boxes": labels["boxes"]}
        return opened

    def varies(self, tools: Tools) -> bool:
        return bool(tools.options.augment)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return StackImages(mirror=training and self.varies(tools))

    def loss(self, model: Any, batch: Batch) -> Loss:
        try:
            with counting_own_boxes():
                outputs = model(**batch.tensors)
        except ValueError as error:  # from the step that assigns boxes to objects
            if "nan" not in str(error):
                raise
            raise StudioError(
                _("Training became unstable."),
                _("The model's boxes are no longer numbers: the steps were too large."),
                _("Start again with a smaller learning rate (a tenth, say)."),
            ) from error
        boxes = sum(len(labels["class_labels"]) for labels in batch.tensors["labels"])
        return Loss.of_mean(outputs.loss, max(1, boxes), outputs)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        outputs = outputs or model(pixel_values=batch.tensors["pixel_values"])
        sizes = [(item["height"], item["width"]) for item in batch.items]
        found = tools.processor.post_process_object_detection(outputs, threshold=LEAST_SCORE, target_sizes=sizes)
        return [
            Answer(_boxes(each, tools.config.id2label), {"width": width, "height": height})
            for each, (height, width) in zip(found, sizes, strict=True)
        ]

    def scorer(self, tools: Tools) -> Scorer:
        return BoxScorer(tools.labels)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return found_verdict(scores) or super().verdict(scores)


@contextmanager
def counting_own_boxes() -> Iterator[None]:
    """Where several processes train, detectors' losses ask all of them at once how many boxes there are. Here each is
    to count its own: the loss carries them as its units."""
    from accelerate import PartialState
    from torch import distributed

    if not distributed.is_initialized():
        yield
        return
    with patch.dict(PartialState._shared_state, clear=True), patch.object(distributed, "is_initialized", lambda: False):
        yield


class StackImages:
    """Opened items -> pixel_values (batch, channels, side, side), and the list of their labels.

    mirror: flip each image horizontally at random.
    """

    def __init__(self, mirror: bool = False) -> None:
        self.mirror = mirror

    def __call__(self, items: list[Item]) -> dict[str, Any]:
        import torch

        items = [mirrored(item) if self.mirror and torch.rand(()) < MIRROR_CHANCE else item for item in items]
        batch: dict[str, Any] = {"pixel_values": torch.stack([item["pixel_values"] for item in items])}
        if "labels" in items[0]:
            batch["labels"] = [item["labels"] for item in items]
        return batch


def mirrored(item: Item) -> Item:
    """An opened item flipped horizontally. Boxes are (centre x, centre y, width, height), as shares of the image."""
    labels = item["labels"]
    boxes = labels["boxes"].clone()
    boxes[:, 0] = 1 - boxes[:, 0]
    return {**item, "pixel_values": item["pixel_values"].flip(-1), "labels": {**labels, "boxes": boxes}}


def _annotation(item: Item) -> dict[str, Any] | None:
    """The boxes as COCO writes them, which is what the processors take."""
    if "sides" not in item:
        return None
    objects = [
        {"bbox": sides, "category_id": label, "area": sides[2] * sides[3], "iscrowd": 0}
        for sides, label in zip(item["sides"], item["classes"], strict=True)
    ]
    return {"image_id": 0, "annotations": objects}


def _boxes(found: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """What a processor found in one image, the surest first, as plain values."""
    boxes = []
    for score, label, (left, top, right, bottom) in zip(
        found["scores"].tolist(), found["labels"].tolist(), found["boxes"].tolist(), strict=True
    ):
        if label in names:
            sides = [round(value, 2) + 0.0 for value in (left, top, right - left, bottom - top)]  # never -0
            boxes.append({"box": sides, "label": names[label], "score": round(score, 4)})
    return sorted(boxes, key=lambda box: -box["score"])[:MOST_BOXES]
