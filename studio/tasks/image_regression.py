"""Predict a number from an image: a weight, an age, how worn something is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.image_classification import ImageOptions
from studio.tasks.images import IMAGE, IMAGE_MODEL, NormaliseImages, open_image
from studio.tasks.numbers import (
    NUMBER,
    NumberScorer,
    learn_without_mean,
    number_answers,
    number_config,
    restored_scale,
    scaled_number,
    take_in_scale,
)
from studio.tasks.verdicts import number_verdict

if TYPE_CHECKING:
    import pandas


class ImageRegression(Task):
    name = "image-regression"
    title = _("Predict a number from an image")
    sentence = _("Give each image a number: a weight, an age, how many there are, how worn something is.")
    icon = "number"
    group = _("Images")
    inputs = (IMAGE,)
    targets = (NUMBER,)
    answer_kind = "number"
    headline = "rmse"
    model = IMAGE_MODEL
    Options = ImageOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return number_config(table)

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_scale(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return "Predicts a number from an image. In the answer of the code below, `score` is that number."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"function_to_apply": "none"}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        learn_without_mean(model)
        return frozenset()

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [{"image": str(row["image"]), **scaled_number(row, tools.config)} for row in rows]

    def open(self, tools: Tools, item: Item) -> Item:
        return open_image(tools, item)

    def varies(self, tools: Tools) -> bool:
        return bool(tools.options.augment)

    def collate(self, tools: Tools, training: bool) -> Collate:
        return NormaliseImages(tools.processor, vary=training and self.varies(tools))

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return number_answers((outputs or model(**batch.tensors)).logits, tools.config)

    def scorer(self, tools: Tools) -> Scorer:
        return NumberScorer("number", tools.config.target_deviation)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return number_verdict(scores) or super().verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_scale(model)
