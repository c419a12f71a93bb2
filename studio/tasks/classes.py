"""What tasks about classes share, whether they classify or find things: names, loss, answers, scores, views."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.data.column_names import CLASSES
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.language import _
from studio.metrics.classes import ACCURACY, class_metrics
from studio.metrics.found import found_metrics
from studio.metrics.intervals import share_interval
from studio.tasks.base import RIGHT, WRONG, Answer, Marks, Row, Scores, Tools, View
from studio.tasks.calibration import Calibration, divisor, settle_temperature
from studio.tasks.remarks import largest_class, never_answered
from studio.tasks.two_classes import TwoClasses, operating_point, settle_operating_point

if TYPE_CHECKING:
    import pandas
    import torch

LABEL = Column(
    "label",
    _("Class (label)"),
    "label",
    _("The answer that the model learns to give for each example."),
    hints=CLASSES,
)

NOTHING = _("(nothing)")  # stands for the class of what is not there, or was not found
MADE_UP, MISSED, MISTAKES = _("{label}, made up"), _("{label}, missed"), _("Mistakes with {label}")


def label_maps(labels: Iterable[str]) -> dict[str, Any]:
    """The config values that put names to a model's outputs."""
    names = list(labels)
    return {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {label: index for index, label in enumerate(names)},
    }


def class_config(table: "pandas.DataFrame", column: str = "label") -> dict[str, Any]:
    """Config values for one class a row, the classes sorted. Fewer than two raise StudioError."""
    FIELDS[LABEL.kind].require_lesson(table[column])
    names = sorted({str(label) for label in table[column]})
    return {**label_maps(names), "problem_type": "single_label_classification"}


def class_answers(logits: "torch.Tensor", tools: Tools) -> list[Answer]:
    """Logits (rows, classes) -> the most likely class, with the probability of each, most likely first."""
    shares = (logits.double() / divisor(tools.config)).softmax(dim=-1).cpu().numpy()
    labels, answers = tools.labels, []
    for row in shares:
        ranked = {labels[index]: float(row[index]) for index in (-row).argsort(kind="stable")}
        answers.append(Answer(next(iter(ranked)), {"probabilities": ranked}))
    return answers


def confusion_mark(true: str, answered: str) -> str:
    """The mark of rows of one class that were predicted as another (or the same) one."""
    if NOTHING in (true, answered):
        return MADE_UP.format(label=answered) if true == NOTHING else MISSED.format(label=true)
    return f"{true} → {answered}"


def mistake_mark(label: str) -> str:
    """The mark of rows in which this class was predicted as another one, or another one as this."""
    return MISTAKES.format(label=label)


def pair_marks(pairs: Iterable[tuple[str, str]]) -> Marks:
    """The marks of a row with these (true, answered) classes: one pair for the whole row, or one an object."""
    known = list(dict.fromkeys(pairs))
    wrong = [pair for pair in known if pair[0] != pair[1]]
    mistakes = dict.fromkeys(mistake_mark(label) for pair in wrong for label in pair if label != NOTHING)
    return (*(confusion_mark(*pair) for pair in known), WRONG if wrong else RIGHT, *mistakes)


def settle_classes(tools: Tools, answers: Sequence[Answer], rows: Sequence[Row], target: str = "label") -> None:
    """What follows from the answers to the validation split: how sure the model may be, and of two classes the point
    of operation."""
    calibrated = settle_temperature(tools, answers, rows, target)
    if len(tools.labels) == 2:
        settle_operating_point(tools, calibrated, rows, target)


class ClassScorer:
    """Accuracy, macro precision, recall and F1; how sure it is; a confusion matrix and a table of the classes."""

    def __init__(self, labels: Sequence[str], config: Any = None, target: str = "label") -> None:
        """config: the model's, for what was settled on the validation split."""
        self._labels = tuple(labels)
        self._target = target
        self._test = TwoClasses(labels, operating_point(config)) if len(self._labels) == 2 else None
        self._calibration = Calibration(config)
        self._counts: Counter[tuple[str, str]] = Counter()  # (true, answered)

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        pairs = [(str(row[self._target]), str(answer.value)) for answer, row in zip(answers, rows, strict=True)]
        self._counts.update(pairs)
        self._calibration.add(answers, [true == answered for true, answered in pairs])
        if self._test:
            for answer, (true, _unused) in zip(answers, pairs, strict=True):
                self._test.add(answer, true)
        return [pair_marks([pair]) for pair in pairs]

    def scores(self) -> Scores:
        if not self._counts:
            return Scores({})
        right = sum(count for (true, answered), count in self._counts.items() if true == answered)
        accuracy = share_interval(right, self._counts.total())
        sure, sure_views, sure_remarks = self._calibration.scores()
        metrics, views, intervals = self._test.scores() if self._test else ({}, (), {})
        return Scores(
            class_metrics(self._counts) | sure | metrics,
            (*class_views(self._counts, self._labels), *sure_views, *views),
            {ACCURACY.name: accuracy, **intervals},
            (largest_class(self._counts, accuracy), *never_answered(self._counts, self._labels), *sure_remarks),
        )


def class_views(counts: Mapping[tuple[str, str], int], labels: Sequence[str]) -> tuple[View, ...]:
    """A confusion matrix, [true][answered], and precision, recall and F1 of each class."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    true, answered = zip(*sorted(counts), strict=True)
    weights = [counts[pair] for pair in sorted(counts)]
    known = list(labels)
    matrix = confusion_matrix(true, answered, labels=known, sample_weight=weights)
    each = precision_recall_fscore_support(
        true, answered, labels=known, average=None, zero_division=0, sample_weight=weights
    )
    support = Counter[str]()
    for (label, _unused), count in counts.items():
        support[label] += count
    rows = [
        {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": support[label]}
        for label, p, r, f in zip(known, *each[:3], strict=True)
    ]
    return confusion_views(known, [[int(count) for count in row] for row in matrix], rows)


def confusion_views(
    labels: Sequence[str], counts: Sequence[Sequence[int]], rows: Sequence[Mapping[str, Any]]
) -> tuple[View, ...]:
    """counts: [true][answered]. rows: label, precision, recall, F1 and support of every label that has them."""
    confusion = {
        "labels": list(labels),
        "counts": [list(row) for row in counts],
        "marks": [[confusion_mark(true, answered) for answered in labels] for true in labels],
    }
    wrong = [
        sum(row) + sum(other[place] for other in counts) - 2 * row[place] for place, row in enumerate(counts)
    ]  # how often a class was not seen, or seen where it is not
    marks = {label: mistake_mark(label) for label, some in zip(labels, wrong, strict=True) if some}
    return (
        View("confusion", _("Which class was predicted as which (confusion matrix)"), confusion),
        View("classes", _("Every class"), {"rows": [{**row, "mark": marks.get(row["label"])} for row in rows]}),
    )


def found_counts(counts: Mapping[tuple[str, str], int]) -> tuple[int, int, int]:
    """How many things were found and rightly named, are there, and were answered."""
    found = sum(count for (true, answered), count in counts.items() if true == answered)
    there = sum(count for (true, _unused_2), count in counts.items() if true != NOTHING)
    answered = sum(count for (_unused_3, answered), count in counts.items() if answered != NOTHING)
    return found, there, answered


def found_views(
    counts: Mapping[tuple[str, str], int],
    labels: Sequence[str],
    things: str,
    measured: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[View, ...]:
    """What was found, missed and made up. counts: how often (true, answered) came, `NOTHING` among them.

    things: a title for what is counted. measured: more metrics of single labels, label -> name -> value.
    """
    names = [*labels, NOTHING]
    table = [[counts.get((true, answered), 0) for answered in names] for true in names]
    rows = []
    for place, label in enumerate(labels):
        found, there, answered = table[place][place], sum(table[place]), sum(row[place] for row in table)
        scores = found_metrics(found, there, answered)
        rows.append({"label": label, **scores, "support": there, **(measured or {}).get(label, {})})
    confusion, each = confusion_views(names, table, rows)
    titles = {"label_title": _("Label"), "support_title": things}
    return (
        replace(confusion, title=_("What was found, missed, or made up")),
        replace(each, title=_("Every label"), data={**each.data, **titles}),
    )


def name_classes(labels: Sequence[str], most: int = 20) -> str:
    """`a`, `b`, `c` and 3 more, in Markdown."""
    plain = (" ".join(label.split()).replace("`", "'") for label in labels[:most])
    shown = ", ".join(f"`{label}`" for label in plain)
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")
