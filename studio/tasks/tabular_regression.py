"""Predict a number from rows of a table: a price, a duration, how an illness goes on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.numbers import read_number
from studio.language import _
from studio.metrics.numbers import RMSE
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
from studio.tasks.tabular import (
    RECORD,
    boosting_data,
    boosting_remark,
    encode_records,
    record_config,
    restored_columns,
)
from studio.tasks.text_classification import TextOptions, adapt_pooling
from studio.tasks.texts import SEQUENCE_MODEL, PadTexts
from studio.tasks.verdicts import number_verdict

if TYPE_CHECKING:
    import pandas


class TabularRegression(Task):
    name = "tabular-regression"
    title = _("Predict a number from a row")
    sentence = _("Give each row of a table a number, by its numbers, categories and texts together: a price, a risk.")
    icon = "number"
    group = _("Tables")
    inputs = (RECORD,)
    targets = (NUMBER,)
    answer_kind = "number"
    headline = "rmse"
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return {**number_config(table), **record_config(table)}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_scale(config), **restored_columns(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return (
            "Predicts a number from a row of a table, written as one text, `column: value, column: value`, with the "
            "columns in the order of `record_columns` in config.json. In the answer of the code below, `score` is that "
            "number."
        )

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        learn_without_mean(model)
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        return [
            {**item, **scaled_number(row, tools.config)}
            for item, row in zip(encode_records(tools, rows), rows, strict=True)
        ]

    def collate(self, tools: Tools, training: bool) -> Collate:
        import torch

        return PadTexts(tools.processor.pad_token_id, tools.processor.padding_side, torch.float32)

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return number_answers((outputs or model(**batch.tensors)).logits, tools.config)

    def scorer(self, tools: Tools) -> Scorer:
        return NumberScorer("number", tools.config.target_deviation)

    def beside(self, table: "pandas.DataFrame") -> tuple[str, ...]:
        from sklearn.ensemble import HistGradientBoostingRegressor

        data = boosting_data(table, "number")
        if data is None:
            return ()
        seen, right, judged, wanted = data
        boosted = HistGradientBoostingRegressor(random_state=0).fit(seen, right.map(read_number).astype("float64"))
        errors = boosted.predict(judged) - wanted.map(read_number).astype("float64").to_numpy()
        return (boosting_remark(RMSE, float((errors**2).mean() ** 0.5), data, table),)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return number_verdict(scores) or super().verdict(scores)

    def finish(self, model: Any, tools: Tools) -> None:
        take_in_scale(model)
