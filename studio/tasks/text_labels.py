"""Put any number of labels on a text: topics, complaints, what it is about."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Problem
from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.classes import name_classes
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
from studio.tasks.text_classification import TextClassification, TextOptions, adapt_pooling
from studio.tasks.texts import SEQUENCE_MODEL, TEXT, PadTexts, tokenize
from studio.tasks.verdicts import labels_verdict

if TYPE_CHECKING:
    import pandas


class TextLabels(Task):
    name = "text-labels"
    title = _("Label texts")
    sentence = _("Give each text all labels that fit: topics, reasons for a complaint, what is mentioned.")
    icon = "tags"
    group = _("Texts")
    inputs = (TEXT,)
    targets = (LABELS,)
    answer_kind = "labels"
    headline = "f1_macro"
    model = SEQUENCE_MODEL
    Options = TextOptions

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        return label_problems(table, TextClassification.title)

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return labels_config(table)

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_thresholds(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return (
            f"Gives texts any of {len(labels)} labels: {name_classes(labels)}. A label counts from the probability on "
            "that stands under `thresholds` in config.json."
        )

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True, "top_k": None}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        begin_with_shares(model)
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        tokens, index = tokenize(tools, [row["text"] for row in rows])["input_ids"], tools.config.label2id
        return [{"input_ids": ids, **label_vector(row, index)} for ids, row in zip(tokens, rows, strict=True)]

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side, torch.float32)

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
