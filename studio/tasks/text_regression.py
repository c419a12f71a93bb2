"""Predict a number from a text: a price, a score, a duration."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
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
from studio.tasks.text_classification import TextOptions, adapt_pooling
from studio.tasks.texts import SEQUENCE_MODEL, TEXT, PadTexts, tokenize
from studio.tasks.verdicts import number_verdict

if TYPE_CHECKING:
    import pandas


class TextRegression(Task):
    name = "text-regression"
    title = _("Predict a number")
    sentence = _("Give each text a number: a rating, a price, how urgent it is, how long it will take.")
    icon = "number"
    group = _("Texts")
    inputs = (TEXT,)
    targets = (NUMBER,)
    answer_kind = "number"
    headline = "rmse"
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return number_config(table)

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_scale(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return "Predicts a number from a text. In the answer of the code below, `score` is that number."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        learn_without_mean(model)
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        tokens = tokenize(tools, [row["text"] for row in rows])["input_ids"]
        return [{"input_ids": ids, **scaled_number(row, tools.config)} for ids, row in zip(tokens, rows, strict=True)]

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side, torch.float32)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return number_answers((outputs or model(**batch.tensors)).logits, tools.config)

    def scorer(self, tools: Tools) -> Scorer:
        return NumberScorer("number", tools.config.target_deviation)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return number_verdict(scores) or super().verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_scale(model)
