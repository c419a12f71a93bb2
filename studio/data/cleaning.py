"""What a person decides about rows that are not right: which are left out, and which labels are read as others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import pandas

from studio.data.columns import Problem
from studio.options import Options, setting

Choice = Literal["keep", "drop"]
FEW = 3  # rows at most that a misspelt label has,
RARE = 0.05  # and less than this share of the rows of the one that is meant
ALIKE = 0.85  # how much alike the two are (difflib's ratio)
MOST_CLASSES = 200  # with more, names that are alike are no accident


class CleaningOptions(Options):
    copies: Choice = setting(
        "keep", title="Copies of a text", help="drop leaves out all but the first row with the same text and label."
    )
    contradictions: Choice = setting(
        "keep",
        title="Rows that contradict each other",
        help="drop leaves out every row whose text has another label elsewhere.",
    )
    labels: dict[str, str] = setting(
        {}, title="Labels that mean others", help="A label as it is written, and the one that is meant."
    )


@dataclass(frozen=True)
class Mending:
    """Something that can be put right at once. key: what `mend` knows it by. title, value: what, and how."""

    key: str
    title: str
    value: str


COPIES, CONTRADICTIONS, LABEL = "copies", "contradictions", "label:"


def read_labels(table: pandas.DataFrame, label: str, labels: Mapping[str, str]) -> list[Problem]:
    """Put the labels in the place that they mean; what was changed, row by row."""
    written = table[label]
    changed = written.isin(list(labels))
    remarks = [
        Problem(int(row), f"'{name}' is read as '{labels[name]}'.", "As was chosen.", drops=False, column=label)
        for row, name in zip(table.loc[changed, "row"], written[changed], strict=True)
    ]
    table[label] = written.replace(dict(labels))
    return remarks


def likely_meant(counts: Mapping[str, int]) -> dict[str, str]:
    """Rare label -> the much more frequent one that it is most like: a slip of the pen, perhaps.

    A syllable in front (incorrect, correct) and another number are meant as they stand.
    """
    if len(counts) > MOST_CLASSES:
        return {}
    meant = {}
    for name, count in counts.items():
        written = name.casefold()
        frequent = {other.casefold(): other for other, rows in counts.items() if count <= FEW and count < RARE * rows}
        close = get_close_matches(written, list(frequent), n=1, cutoff=ALIKE)
        if close and (close[0] == written or not (written.endswith(close[0]) or close[0].endswith(written))):
            meant[name] = frequent[close[0]]
    return {name: other for name, other in meant.items() if not any(letter.isdigit() for letter in name)}


def mendings(cleaning: CleaningOptions, problems: Sequence[Problem], counts: Mapping[str, int]) -> list[Mending]:
    """What can be put right in rows with these problems and rows per class, and has not been yet."""
    found = [
        Mending(LABEL + name, f"'{name}'", f"read as '{meant}'")
        for name, meant in likely_meant(counts).items()
        if name not in cleaning.labels
    ]
    for kind, one, more in ((CONTRADICTIONS, "contradiction", "contradictory rows"), (COPIES, "copy", "copies")):
        rows = sum(problem.kind == kind and not problem.drops for problem in problems)
        found += [Mending(kind, f"{rows:,} {one if rows == 1 else more}", "leave out")] if rows else []
    return found


def mended(cleaning: CleaningOptions) -> list[Mending]:
    """What was put right, so that it can be taken back."""
    words = {CONTRADICTIONS: "Contradictory rows", COPIES: "Copies"}
    return [
        *(Mending(LABEL + name, f"'{name}'", f"read as '{meant}'") for name, meant in cleaning.labels.items()),
        *(Mending(kind, words[kind], "left out") for kind in words if getattr(cleaning, kind) == "drop"),
    ]


def mend(cleaning: CleaningOptions, key: str, counts: Mapping[str, int]) -> CleaningOptions:
    """Put one thing right; `key` as in `mendings`."""
    if key.startswith(LABEL):
        name = key.removeprefix(LABEL)
        return cleaning.model_copy(update={"labels": {**cleaning.labels, name: likely_meant(counts)[name]}})
    return cleaning.model_copy(update={key: "drop"})


def take_back(cleaning: CleaningOptions, key: str) -> CleaningOptions:
    """Leave one thing as it came; `key` as in `mended`."""
    if key.startswith(LABEL):
        labels = {name: meant for name, meant in cleaning.labels.items() if LABEL + name != key}
        return cleaning.model_copy(update={"labels": labels})
    return cleaning.model_copy(update={key: "keep"})
