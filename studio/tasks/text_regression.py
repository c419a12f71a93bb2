"""Predict a number from a text: a price, a score, a duration."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column
from studio.data.fields.number import read_number
from studio.language import _
from studio.models.heads import label_layers
from studio.models.kind import ModelKind
from studio.models.pooling import append_mean_pooling, takes_mean_pooling
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.numbers import NumberScorer
from studio.tasks.text_classification import TextOptions
from studio.tasks.texts import TEXT, PadTexts, tokenize
from studio.tasks.verdicts import number_verdict

if TYPE_CHECKING:
    import pandas

NUMBER = Column(
    "number",
    _("Number"),
    "number",
    _("The number that the model learns to predict for each text."),
    hints=("number", "value", "score", "rating", "stars", "price", "amount", "target", "y", "label"),
)
SHOWN_QUANTILES = 21  # of the training numbers, for the figure in which an answer is drawn


class TextRegression(Task):
    """The model learns numbers with mean 0 and deviation 1; when training ends its last layer takes in the scale."""

    name = "text-regression"
    title = _("Predict a number")
    sentence = _("Give each text a number: a rating, a price, how urgent it is, how long it will take.")
    icon = "number"
    group = _("Texts")
    inputs = (TEXT,)
    targets = (NUMBER,)
    answer_kind = "number"
    headline = "rmse"
    model = ModelKind(
        "AutoModelForSequenceClassification", "tokenizer", "text-classification", "SEQ_CLS", ("fill-mask",)
    )
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        learned = table if "split" not in table else table[table["split"] == "train"]
        numbers = learned["number"].map(read_number).astype("float64")
        shares = [index / (SHOWN_QUANTILES - 1) for index in range(SHOWN_QUANTILES)]
        return {
            "num_labels": 1,
            "id2label": {0: "number"},
            "label2id": {"number": 0},
            "problem_type": "regression",
            "target_mean": float(numbers.mean()),
            "target_deviation": float(numbers.std(ddof=0)) or 1.0,
            "target_quantiles": [float(value) for value in numbers.quantile(shares)],
            "target_in_weights": False,
        }

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        names = ("target_mean", "target_deviation", "target_quantiles")
        return {**super().restore(config), **{name: config[name] for name in names}, "target_in_weights": False}

    def summary(self, labels: Sequence[str]) -> str:
        return "Predicts a number from a text. In the answer of the code below, `score` is that number."

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        config = model.config
        if hasattr(config, "target_mean") and all(layer.bias is None for layer in label_layers(model)):
            # nothing can take in a mean: learn without it
            config.target_deviation = (config.target_deviation**2 + config.target_mean**2) ** 0.5
            config.target_mean = 0.0
        if not takes_mean_pooling(options.pooling, model.config.model_type, folder):
            return frozenset()
        return append_mean_pooling(model)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        tokens = tokenize(tools, [row["text"] for row in rows])["input_ids"]
        mean, deviation = tools.config.target_mean, tools.config.target_deviation
        return [
            {"input_ids": ids, **({"labels": (row["number"] - mean) / deviation} if "number" in row else {})}
            for ids, row in zip(tokens, rows, strict=True)
        ]

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side, torch.float32)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        outputs, config = outputs or model(**batch.tensors), tools.config
        values = outputs.logits[:, 0].double()
        if not config.target_in_weights:
            values = values * config.target_deviation + config.target_mean
        details = {"distribution": list(config.target_quantiles)}
        return [Answer(float(value), details) for value in values.cpu()]

    def scorer(self, tools: Tools) -> Scorer:
        return NumberScorer("number", tools.config.target_deviation)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return number_verdict(scores) or super().verdict(scores)

    def finish(self, model: Any) -> None:
        """The last layer gives the number itself, as plain transformers expects it."""
        import torch

        config = model.config
        if config.target_in_weights:
            return
        with torch.no_grad():
            for layer in label_layers(model):
                layer.weight.mul_(config.target_deviation)
                if layer.bias is not None:
                    layer.bias.mul_(config.target_deviation).add_(config.target_mean)
        config.target_in_weights = True
