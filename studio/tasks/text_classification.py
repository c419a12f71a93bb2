"""Sort texts into classes: sentiment, topics, intents, spam."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from studio.language import _
from studio.models.pooling import append_mean_pooling, takes_mean_pooling
from studio.options import setting
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.calibration import take_in_temperature
from studio.tasks.classes import LABEL, ClassScorer, class_answers, class_config, name_classes, settle_classes
from studio.tasks.texts import SEQUENCE_MODEL, TEXT, LengthOptions, PadTexts, tokenize
from studio.tasks.verdicts import class_verdict

if TYPE_CHECKING:
    import pandas


class TextOptions(LengthOptions):
    pooling: Literal["auto", "standard", "mean"] = setting(
        "auto",
        title=_("How a text becomes one vector (pooling)"),
        help=_(
            "standard reads the model's own summary; mean averages all words, which suits sentence encoders; "
            "auto takes what the model was trained for."
        ),
    )


def adapt_pooling(model: Any, folder: Path, options: TextOptions) -> frozenset[str]:
    """Mean pooling, where the options or the model's files ask for it; names of the parameters that this added."""
    if not takes_mean_pooling(options.pooling, model.config.model_type, folder):
        return frozenset()
    return append_mean_pooling(model)


class TextClassification(Task):
    name = "text-classification"
    title = _("Sort texts")
    sentence = _("Give each text one of your classes: praise or complaint, topic, intent, spam.")
    icon = "text"
    group = _("Texts")
    inputs = (TEXT,)
    targets = (replace(LABEL, several="text-labels"),)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes"})
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return class_config(table)

    def summary(self, labels: Sequence[str]) -> str:
        return f"Sorts texts into {len(labels)} classes: {name_classes(labels)}."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        tokens = tokenize(tools, [row["text"] for row in rows])["input_ids"]
        items = [{"input_ids": ids} for ids in tokens]
        index = tools.config.label2id
        return [
            {**item, "labels": index[row["label"]]} if "label" in row else item
            for item, row in zip(items, rows, strict=True)
        ]

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side)

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
