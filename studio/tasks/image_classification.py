"""Sort images into classes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.options import Options, setting
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.calibration import take_in_temperature
from studio.tasks.classes import LABEL, ClassScorer, class_answers, class_config, name_classes, settle_classes
from studio.tasks.images import IMAGE, IMAGE_MODEL, NormaliseImages, open_image
from studio.tasks.verdicts import class_verdict

if TYPE_CHECKING:
    import pandas


class ImageOptions(Options):
    augment: bool = setting(
        False,
        title=_("Vary the images (augmentation)"),
        help=_(
            "Mirrors and crops training images at random, so that few examples go further. "
            "Frozen layers must then be computed again in every pass, which is slower."
        ),
        same_model=True,
    )


class ImageClassification(Task):
    name = "image-classification"
    title = _("Sort images")
    sentence = _("Give each image one of your classes: species, product, defect, kind of document.")
    icon = "image"
    group = _("Images")
    inputs = (IMAGE,)
    targets = (replace(LABEL, several="image-labels"),)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes", "images"})
    model = IMAGE_MODEL
    Options = ImageOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return class_config(table)

    def summary(self, labels: Sequence[str]) -> str:
        return f"Sorts images into {len(labels)} classes: {name_classes(labels)}."

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        return [
            {"image": str(row["image"]), **({"labels": index[row["label"]]} if "label" in row else {})} for row in rows
        ]

    def open(self, tools: Tools, item: Item) -> Item:
        return open_image(tools, item)

    def varies(self, tools: Tools) -> bool:
        return bool(tools.options.augment)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return NormaliseImages(tools.processor, vary=training and self.varies(tools))

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        outputs = outputs or model(**batch.tensors)
        return class_answers(outputs.logits, tools)

    def scorer(self, tools: Tools) -> Scorer:
        return ClassScorer(tools.labels, tools.config)

    def settles(self, tools: Tools) -> bool:
        return True

    def settle(self, tools: Tools, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
        settle_classes(tools, answers, rows)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_temperature(model)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return class_verdict(scores) or super().verdict(scores)
