"""The stored test results of runs: the version of these files, and the conversion from earlier ones.

Runs of the first version were all classifiers: scores held counts and numbers of the classes, a row its class and
the probabilities.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas

from studio.migrations import Format
from studio.tasks.classes import confusion_views, pair_marks

PROBABILITY = "p_"


def current_scores(split: Mapping[str, Any]) -> dict[str, Any]:
    """One split of scores.json: {"metrics", "views"}."""
    if "views" in split:
        return dict(split)
    views = confusion_views(split["labels"], split["confusion"], split["per_class"]) if split.get("confusion") else ()
    return {"metrics": split["metrics"], "views": [asdict(view) for view in views]}


def from_version_1(splits: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Some files of version 1 hold views already."""
    return {split: current_scores(found) for split, found in splits.items()}


SCORES = Format("record of this run's scores", (from_version_1,))  # evaluation/scores.json


def current_rows(table: pandas.DataFrame) -> pandas.DataFrame:
    """test.parquet in today's form: `row`, the task's columns, `answer` and `marks`."""
    if "answer" in table.columns:
        return table
    shares = [str(name) for name in table.columns if str(name).startswith(PROBABILITY)]
    answers = []
    for predicted, row in zip(table["predicted"], table[shares].to_dict("records"), strict=True):
        ranked = sorted(row.items(), key=lambda share: -share[1])
        probabilities = {str(name).removeprefix(PROBABILITY): float(share) for name, share in ranked}
        answers.append(json.dumps({"value": predicted, "details": {"probabilities": probabilities}}))
    pairs = zip(table["label"], table["predicted"], strict=True)
    marks = pandas.Series([list(pair_marks([(str(label), str(said))])) for label, said in pairs], index=table.index)
    return table.drop(columns=["predicted", *shares]).assign(answer=answers, marks=marks)
