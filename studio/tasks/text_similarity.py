"""Predict a number for a pair of texts: how alike they are, how well an answer fits."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from studio.tasks.pairs import FIRST, SECOND, asking_pair, encode_pairs, pair_settings
from studio.tasks.text_classification import TextOptions, adapt_pooling
from studio.tasks.texts import SEQUENCE_MODEL, PadTexts

if TYPE_CHECKING:
    import pandas

LIKENESS = replace(NUMBER, title=_("Score"), hints=("score", "similarity", "relatedness_score", *NUMBER.hints))


class TextSimilarity(Task):
    """A cross-encoder: the model reads both texts together."""

    name = "text-similarity"
    title = _("Rate how two texts fit")
    sentence = _("Give each pair of texts a number: how alike they are, how well an answer fits its question.")
    icon = "pair"
    group = _("Texts")
    inputs = (FIRST, SECOND)
    targets = (LIKENESS,)
    answer_kind = "number"
    headline = "spearman"
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return number_config(table)

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_scale(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return "Predicts a number for two texts. In the answer of the code below, `score` is that number."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return pair_settings()

    def question(self, examples: Sequence[str]) -> str:
        return asking_pair(examples)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        learn_without_mean(model)
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [
            {**item, **scaled_number(row, tools.config)}
            for item, row in zip(encode_pairs(tools, rows), rows, strict=True)
        ]

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side, torch.float32)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return number_answers((outputs or model(**batch.tensors)).logits, tools.config)

    def scorer(self, tools: Tools) -> Scorer:
        return NumberScorer("number", tools.config.target_deviation, ranks=True)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_scale(model)
