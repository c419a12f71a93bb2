"""What tasks about rows of a table share: the columns in one text, which an encoder reads, and what gradient boosting
makes of the same columns, which is the measure to beat (Grinsztajn et al. 2022, arXiv:2207.08815)."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column
from studio.data.fields.record import as_text
from studio.data.numbers import read_number
from studio.language import _
from studio.metrics.base import Metric
from studio.tasks.base import Item, Row, Tools
from studio.tasks.texts import tokenize

if TYPE_CHECKING:
    import numpy
    import pandas

RECORD = Column(
    "record",
    _("What is known of each row"),
    "record",
    _("All columns that have no other role: numbers, categories and texts."),
)
SETTING = "record_columns"  # in the model's config: which it reads, in their order
MOSTLY = 0.9  # of the filled cells of a column of numbers
MOST_CATEGORIES = 50
WORDS, TOPICS = 2000, 16  # of a column of texts
Fit = tuple["numpy.ndarray", "pandas.Series", "numpy.ndarray", "pandas.Series"]


def record_config(table: "pandas.DataFrame") -> dict[str, Any]:
    return {SETTING: list(dict.fromkeys(name for cell in table["record"] for name in json.loads(cell)))}


def restored_columns(config: Mapping[str, Any]) -> dict[str, Any]:
    return {SETTING: config[SETTING]}


def encode_records(tools: Tools, rows: Sequence[Row]) -> list[Item]:
    """Token ids of `column: value, column: value`, of the columns that the model knows."""
    names = getattr(tools.config, SETTING)
    texts = [as_text({name: row["record"][name] for name in names if name in row["record"]}) for row in rows]
    return [{"input_ids": ids} for ids in tokenize(tools, texts)["input_ids"]]


def boosting_remark(metric: Metric, value: float) -> str:
    return _(
        "Gradient boosting on the same columns (scikit-learn) reaches {value} ({metric}).",
        metric=metric.title,
        value=metric.text(value),
    )


def boosting_data(table: "pandas.DataFrame", target: str) -> Fit | None:
    """Of the training rows (rows, numbers) and what is right, and of the test rows, or the validation rows without
    any; None where there are neither. Numbers stay numbers, categories get one each, texts become topics of words.
    """
    import numpy
    import pandas

    parts = dict(list(table.groupby("split")))
    judged = parts.get("test", parts.get("validation"))
    if judged is None or "train" not in parts:
        return None
    both = pandas.concat([parts["train"], judged])
    records = pandas.DataFrame([json.loads(cell) for cell in both["record"]])
    learned = len(parts["train"])
    columns = [part for name in records for part in _numbers_of(records[name], learned)]
    numbers = numpy.column_stack(columns)
    right = both[target]
    return numbers[:learned], right[:learned], numbers[learned:], right[learned:]


def _numbers_of(cells: "pandas.Series", learned: int) -> list["numpy.ndarray"]:
    """What boosting gets of one column. learned: only the first rows are learned from."""
    import pandas

    filled = cells.dropna()
    numbers = cells.map(lambda cell: read_number(str(cell)) if pandas.notna(cell) else None).astype("float64")
    if numbers.notna().sum() >= MOSTLY * max(1, len(filled)):
        return [numbers.to_numpy()]
    known = {value: place for place, value in enumerate(sorted(set(cells[:learned].dropna())))}
    if len(known) <= MOST_CATEGORIES:
        return [(cells == value).to_numpy(dtype="float64") for value in known]
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    texts = cells.fillna("").astype(str)
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", max_features=WORDS, sublinear_tf=True)
    seen = words.fit_transform(texts[:learned])
    if seen.shape[1] < 2:
        return []
    topics = TruncatedSVD(min(TOPICS, seen.shape[1] - 1), random_state=0)
    return list(make_pipeline(words, topics.fit(seen)).transform(texts).T)
