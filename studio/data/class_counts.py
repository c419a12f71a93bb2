"""How often each class comes in each split, and what is too few: to learn it, or to say how well it was learned.

Ten to learn from is where a pretrained model begins to find a class whatever the seed (papers on few-shot learning
count 8 to 16 examples of a class as few). With fewer than five in the test split its score says nothing: where all of
four are right, the 95% interval still begins at 51% (Wilson).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas

from studio.data.columns import SPLITS, Column
from studio.data.fields import FIELDS
from studio.language import Style, _, listing, sentences

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
        remedy = _(
            "About {enough:,} examples of a class put {fewest} of them into the test split.",
            enough=math.ceil(FEWEST_TO_TEST * sum(rows.values()) / rows["test"]),
            fewest=FEWEST_TO_TEST,
        )
    unlearned, few_to_learn = _none_and_few(counts, "train", FEWEST_TO_LEARN)
    unexamined, few_to_examine = _none_and_few(counts, "test", FEWEST_TO_TEST)
    said: list[str] = []
    if unlearned:
        said.append(_("No training example, so the model cannot learn it: {classes}.", classes=first_names(unlearned)))
    if few_to_learn:
        few = _(
            "Fewer than {fewest} training examples, too few to learn it well: {classes}.",
            fewest=FEWEST_TO_LEARN,
            classes=first_names(few_to_learn),
        )
        said.append(few)
    if unexamined:
        none = _("No test example, so the result says nothing about it: {classes}.", classes=first_names(unexamined))
        said.append(sentences(none, remedy))
    if few_to_examine:
        few = _(
            "Fewer than {fewest} test examples, so its score says little: {classes}.",
            fewest=FEWEST_TO_TEST,
            classes=first_names(few_to_examine),
        )
        said.append(sentences(few, remedy))
    return said


def _none_and_few(counts: Counts, split: str, fewest: int) -> tuple[list[str], list[str]]:
    """The classes that do not come there, and those that come less often than `fewest` times, the rarest first."""
    ranked = sorted(counts, key=lambda name: counts[name][split])
    none = [name for name in ranked if counts[name][split] == 0]
    few = [f"{name} ({counts[name][split]})" for name in ranked if 0 < counts[name][split] < fewest]
    return none, few


def first_names(names: Sequence[str], most: int = MOST_NAMED, style: Style = ",") -> str:
    """All of them in this style, or the first few, and how many more."""
    if len(names) <= most:
        return listing(names, style)
    return _("{names} and {more:,} more", names=listing(names[:most]), more=len(names) - most)
