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
MOST_CELLS, MOST_TEXTS = 2_000_000, 200_000  # of a table: rows times columns, and times columns of texts
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


def boosting_remark(metric: Metric, value: float, fit: Fit, table: "pandas.DataFrame") -> str:
    """table: all rows that `fit` was drawn from."""
    _seen, right, _judged, wanted = fit
    if len(right) == (table["split"] == "train").sum():
        return _(
            "Gradient boosting on the same columns (scikit-learn) reaches {value} ({metric}).",
            metric=metric.title,
            value=metric.text(value),
        )
    return _(
        "Gradient boosting on the same columns (scikit-learn) reaches {value} ({metric}), trained on {learned:,} and "
        "tested on {judged:,} rows, drawn at random.",
        metric=metric.title,
        value=metric.text(value),
        learned=len(right),
        judged=len(wanted),
    )


def boosting_data(table: "pandas.DataFrame", target: str) -> Fit | None:
    """Of the training rows (rows, numbers) and what is right, and of the test rows, or the validation rows without
    any; None where there are neither. Numbers stay numbers, categories get one each, texts become topics of words.
    Of a large table rows are drawn, so that one of 100,000 rows with 50 columns of texts takes half a minute.
    """
    import numpy
    import pandas

    parts = dict(list(table.groupby("split")))
    judged = parts.get("test", parts.get("validation"))
    if judged is None or "train" not in parts:
        return None
    width = len({name for cell in table["record"] for name in json.loads(cell)})
    both = pandas.concat(_drawn([parts["train"], judged], MOST_CELLS // max(1, width)))
    learned = int((both["split"] == "train").sum())
    records = pandas.DataFrame([json.loads(cell) for cell in both["record"]])
    plain = {name: _plain_numbers(records[name], learned) for name in records}
    texts = sum(numbers is None for numbers in plain.values())
    places = pandas.Series(range(len(both)))
    kept = _drawn([places[:learned], places[learned:]], MOST_TEXTS // max(1, texts))
    chosen, learned = pandas.concat(kept).to_numpy(), len(kept[0])
    columns = [
        part
        for name, numbers in plain.items()
        for part in (
            _topics(records[name].iloc[chosen], learned) if numbers is None else [column[chosen] for column in numbers]
        )
    ]
    inputs, right = numpy.column_stack(columns), both[target].iloc[chosen]
    return inputs[:learned], right[:learned], inputs[learned:], right[learned:]


def _drawn(parts: Sequence[Any], most: int) -> list[Any]:
    """The same share of the rows of each part, in their order, so that they are no more than `most`."""
    share = min(1.0, most / max(1, sum(map(len, parts))))
    return [part.sample(max(1, int(share * len(part))), random_state=0).sort_index() for part in parts]


def _plain_numbers(cells: "pandas.Series", learned: int) -> list["numpy.ndarray"] | None:
    """What boosting gets of a column of numbers or categories; None where it holds texts. learned: only the first rows
    are learned from."""
    import pandas

    filled = cells.dropna()
    numbers = cells.map(lambda cell: read_number(str(cell)) if pandas.notna(cell) else None).astype("float64")
    if numbers.notna().sum() >= MOSTLY * max(1, len(filled)):
        return [numbers.to_numpy()]
    known = sorted(set(cells[:learned].dropna()))
    return [(cells == value).to_numpy(dtype="float64") for value in known] if len(known) <= MOST_CATEGORIES else None


def _topics(cells: "pandas.Series", learned: int) -> list["numpy.ndarray"]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = cells.fillna("").astype(str)
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", max_features=WORDS, sublinear_tf=True)
    seen = words.fit_transform(texts[:learned])
    if seen.shape[1] < 2:
        return []
    topics = TruncatedSVD(min(TOPICS, seen.shape[1] - 1), random_state=0).fit(seen)
    return list(topics.transform(words.transform(texts)).T)
