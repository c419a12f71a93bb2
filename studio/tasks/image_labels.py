"""Put any number of labels on an image: what is to be seen in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Problem
from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.classes import name_classes
from studio.tasks.image_classification import ImageClassification, ImageOptions
from studio.tasks.images import IMAGE, IMAGE_MODEL, NormaliseImages, open_image
from studio.tasks.labels import (
    LABELS,
    LabelsScorer,
    begin_with_shares,
    label_problems,
    label_vector,
    labels_answers,
    labels_config,
    restored_thresholds,
    settle_thresholds,
)
from studio.tasks.verdicts import labels_verdict

if TYPE_CHECKING:
    import pandas


class ImageLabels(Task):
    name = "image-labels"
    title = _("Label images")
    sentence = _("Give each image all labels that fit: what is in it, its colours, its faults.")
    icon = "tags"
    group = _("Images")
    inputs = (IMAGE,)
    targets = (LABELS,)
    answer_kind = "labels"
    headline = "f1_macro"
    model = IMAGE_MODEL
    Options = ImageOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        return label_problems(table, ImageClassification.title)

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return labels_config(table)

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_thresholds(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return (
            f"Gives images any of {len(labels)} labels: {name_classes(labels)}. A label counts from the probability on "
            "that stands under `thresholds` in config.json."
        )

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"top_k": None, "function_to_apply": "sigmoid"}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        begin_with_shares(model)
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        return [{"image": str(row["image"]), **label_vector(row, index)} for row in rows]

    def open(self, tools: Tools, item: Item) -> Item:
        return open_image(tools, item)

    def varies(self, tools: Tools) -> bool:
        return bool(tools.options.augment)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return NormaliseImages(tools.processor, vary=training and self.varies(tools))

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return labels_answers((outputs or model(**batch.tensors)).logits, tools)

    def settles(self, tools: Tools) -> bool:
        return True

    def settle(self, tools: Tools, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
        settle_thresholds(tools, answers, rows)

    def scorer(self, tools: Tools) -> Scorer:
        return LabelsScorer(tools)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return labels_verdict(scores) or super().verdict(scores)
