"""How often each class comes in each split, and what is too few: to learn it, or to say how well it was learned.

Ten to learn from is where a pretrained model begins to find a class whatever the seed (papers on few-shot learning
count 8 to 16 examples of a class as few). With fewer than five in the test split its score says nothing: where all of
four are right, the 95 % interval still begins at 51 % (Wilson).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas

from studio.data.columns import SPLITS, Column
from studio.data.fields import FIELDS
from studio.language import _

FEWEST_TO_LEARN, FEWEST_TO_TEST = 10, 5
MOST_NAMED = 5
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
Counts = Mapping[str, Mapping[str, int]]  # class -> split -> how often


def count_classes(table: pandas.DataFrame, answer: Column) -> dict[str, dict[str, int]]:
    """class -> split -> how often; classes that are whole numbers in numeric order, others alphabetically."""
    labels = table[answer.name].map(lambda cell: FIELDS[answer.kind].classes(str(cell)))
    counted = {split: Counter(name for found in labels[table["split"] == split] for name in found) for split in SPLITS}
    classes = {name for counts in counted.values() for name in counts}
    numbers = all(_WHOLE_NUMBER.fullmatch(name) for name in classes)
    ordered = sorted(classes, key=int) if numbers else sorted(classes)
    return {name: {split: counted[split][name] for split in SPLITS} for name in ordered}


def describe_classes(counts: Counts, rows: Mapping[str, int]) -> list[str]:
    """Classes that cannot be learned or examined, or not well. rows: in each split."""
    remedy = ""
    if rows["test"]:
        enough = math.ceil(FEWEST_TO_TEST * sum(rows.values()) / rows["test"])
        remedy = _(
            " About {enough:,} examples of a class put {fewest_to_test} of them into the test split.",
            enough=enough,
            fewest_to_test=FEWEST_TO_TEST,
        )
    unlearned, few_to_learn = _none_and_few(counts, "train", FEWEST_TO_LEARN)
    unexamined, few_to_examine = _none_and_few(counts, "test", FEWEST_TO_TEST)
    said = [
        (unlearned, _("No training example, so the model cannot learn it: {}.")),
        (
            few_to_learn,
            _(
                "Fewer than {fewest_to_learn} training examples, too few to learn it well: {{}}.",
                fewest_to_learn=FEWEST_TO_LEARN,
            ),
        ),
        (unexamined, _("No test example, so the result says nothing about it: {{}}.{remedy}", remedy=remedy)),
        (
            few_to_examine,
            _(
                "Fewer than {fewest_to_test} test examples, so its score says little: {{}}.{remedy}",
                fewest_to_test=FEWEST_TO_TEST,
                remedy=remedy,
            ),
        ),
    ]
    return [sentence.format(first_names(classes)) for classes, sentence in said if classes]


def _none_and_few(counts: Counts, split: str, fewest: int) -> tuple[list[str], list[str]]:
    """The classes that do not come there, and those that come less often than `fewest` times, the rarest first."""
    ranked = sorted(counts, key=lambda name: counts[name][split])
    none = [name for name in ranked if counts[name][split] == 0]
    few = [f"{name} ({counts[name][split]})" for name in ranked if 0 < counts[name][split] < fewest]
    return none, few


def first_names(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
