"""Sort rows of a table into classes: who is ill, who leaves, which claim is fraud."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.metrics.classes import ACCURACY
from studio.metrics.two_classes import ROC_AUC
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.calibration import take_in_temperature
from studio.tasks.classes import LABEL, ClassScorer, class_answers, class_config, name_classes, settle_classes
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
from studio.tasks.verdicts import class_verdict

if TYPE_CHECKING:
    import pandas


class TabularClassification(Task):
    name = "tabular-classification"
    title = _("Sort rows of a table")
    sentence = _("Give each row of a table a class, by its numbers, categories and texts together: clinical data, say.")
    icon = "table"
    group = _("Tables")
    inputs = (RECORD,)
    targets = (LABEL,)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes"})
    model = SEQUENCE_MODEL
    Options = TextOptions

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return {**class_config(table), **record_config(table)}

    def restore(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**super().restore(config), **restored_columns(config)}

    def summary(self, labels: Sequence[str]) -> str:
        return (
            f"Sorts rows of a table into {len(labels)} classes: {name_classes(labels)}. A row is written as one text, "
            "`column: value, column: value`, with the columns in the order of `record_columns` in config.json."
        )

    def pipeline_settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"truncation": True}

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        return [
            {**item, **({"labels": index[row["label"]]} if "label" in row else {})}
            for item, row in zip(encode_records(tools, rows), rows, strict=True)
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

    def beside(self, table: "pandas.DataFrame") -> tuple[str, ...]:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.metrics import roc_auc_score

        data = boosting_data(table, "label")
        if data is None or data[1].nunique() < 2:
            return ()
        seen, right, judged, wanted = data
        boosted = HistGradientBoostingClassifier(random_state=0).fit(seen, right)
        said = [boosting_remark(ACCURACY, float(boosted.score(judged, wanted)), data, table)]
        if len(boosted.classes_) == 2 and wanted.nunique() == 2:
            area = roc_auc_score(wanted == boosted.classes_[1], boosted.predict_proba(judged)[:, 1])
            said.append(boosting_remark(ROC_AUC, float(area), data, table))
        return tuple(said)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return class_verdict(scores) or super().verdict(scores)
