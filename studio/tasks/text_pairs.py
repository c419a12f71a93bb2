"""Sort pairs of texts into classes: does one follow from the other, do both ask the same?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.calibration import take_in_temperature
from studio.tasks.classes import LABEL, ClassScorer, class_answers, class_config, name_classes, settle_classes
from studio.tasks.pairs import FIRST, SECOND, asking_pair, encode_pairs, pair_settings
from studio.tasks.text_classification import TextOptions, adapt_pooling
from studio.tasks.texts import SEQUENCE_MODEL, PadTexts
from studio.tasks.verdicts import class_verdict

if TYPE_CHECKING:
    import pandas


class TextPairs(Task):
    """A cross-encoder: the model reads both texts together."""

    name = "text-pairs"
    title = _("Compare two texts")
    sentence = _(
        "Give each pair of texts a class: same question or not, follows or contradicts, right answer or wrong."
    )
    icon = "pair"
    group = _("Texts")
    inputs = (FIRST, SECOND)
    targets = (LABEL,)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes"})
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return class_config(table)

    def summary(self, labels: Sequence[str]) -> str:
        return f"Sorts pairs of texts into {len(labels)} classes: {name_classes(labels)}."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return pair_settings()

    def question(self, examples: Sequence[str]) -> str:
        return asking_pair(examples)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        return [
            {**item, **({"labels": index[row["label"]]} if "label" in row else {})}
            for item, row in zip(encode_pairs(tools, rows), rows, strict=True)
        ]

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return class_answers((outputs or model(**batch.tensors)).logits, tools)

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
