"""What tasks share in which a row has any number of labels: config, thresholds, answers, scores."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.data.column_names import CLASSES
from studio.data.columns import Column, Problem
from studio.data.fields import FIELDS
from studio.data.fields.labels import FEWEST
from studio.language import _, plural
from studio.metrics.classes import F1_MACRO
from studio.metrics.intervals import Interval, resampled
from studio.metrics.labels import AVERAGE_PRECISION, average_precisions, best_threshold, label_metrics
from studio.models.heads import label_layers
from studio.tasks.base import Answer, Marks, Row, Scores, Tools
from studio.tasks.classes import NOTHING, found_views, label_maps, pair_marks
from studio.tasks.remarks import never_found

if TYPE_CHECKING:
    import numpy
    import pandas
    import torch

LABELS = Column(
    "labels",
    _("Labels"),
    "labels",
    _("All labels that fit each example: a list, or names separated by commas or semicolons."),
    hints=("labels", "tags", "categories", "topics", "genres", "classes", "keywords", *CLASSES),
)
HALF = 0.5  # the threshold of a label of which too little is known
FEWEST_TO_CHOOSE = 5  # rows with a label and without, to choose its threshold by
MOST_RESAMPLED = 100  # labels


def label_problems(table: "pandas.DataFrame", one_each: str) -> list[Problem]:
    """A word where no row has several. one_each: the title of the task that learns one label for each row."""
    if any(len(FIELDS[LABELS.kind].classes(str(cell))) >= FEWEST for cell in table["labels"]):
        return []
    why = _("If each has exactly one, '{task}' learns that better.", task=one_each)
    return [Problem(0, _("No row has several labels"), why, drops=False, column="labels")]


def labels_config(table: "pandas.DataFrame") -> dict[str, Any]:
    """Config values for any number of labels a row, sorted. Fewer than two raise StudioError."""
    field = FIELDS[LABELS.kind]
    field.require_lesson(table["labels"])
    names = sorted({label for cell in table["labels"] for label in field.classes(str(cell))})
    learned = table if "split" not in table else table[table["split"] == "train"]
    there = Counter(label for cell in learned["labels"] for label in field.classes(str(cell)))
    shares = {label: (there[label] + 1) / (len(learned) + 2) for label in names}
    more = {"problem_type": "multi_label_classification", "thresholds": None, "label_shares": shares}
    return {**label_maps(names), **more}


def begin_with_shares(model: Any) -> None:
    """A new head begins by answering how often each label comes (Lin et al. 2017, arXiv:1708.02002, 3.3): without
    that, training spends its first passes on learning that most labels are not there."""
    import torch

    config = model.config
    shares: Mapping[str, float] | None = getattr(config, "label_shares", None)
    if shares is None or model.device.type == "meta":
        return
    odds = torch.logit(torch.tensor([shares[config.id2label[place]] for place in sorted(config.id2label)]))
    for layer in label_layers(model):
        if layer.bias is not None and not layer.bias.any():  # else it came with the model
            with torch.no_grad():
                layer.bias.copy_(odds)


def restored_thresholds(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"thresholds": config.get("thresholds")}


def label_vector(row: Row, index: Mapping[str, int]) -> dict[str, list[float]]:
    """1 for each label that the row has, where it is known."""
    if "labels" not in row:
        return {}
    vector = [0.0] * len(index)
    for label in row["labels"]:
        vector[index[label]] = 1.0
    return {"labels": vector}


def labels_answers(logits: "torch.Tensor", tools: Tools) -> list[Answer]:
    """Logits (rows, labels) -> the labels whose probability reaches their threshold, the likeliest first."""
    thresholds = thresholds_of(tools) or dict.fromkeys(tools.labels, HALF)
    answers = []
    for row in logits.double().sigmoid().cpu().tolist():
        ranked = dict(sorted(zip(tools.labels, row, strict=True), key=lambda entry: -entry[1]))
        given = [label for label, share in ranked.items() if share >= thresholds[label]]
        answers.append(Answer(given, {"probabilities": ranked, "thresholds": thresholds}))
    return answers


def thresholds_of(tools: Tools) -> dict[str, float] | None:
    """By label; None before they are settled."""
    stored = getattr(tools.config, "thresholds", None)
    return {str(label): float(value) for label, value in stored.items()} if stored else None


def settle_thresholds(tools: Tools, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
    """Into the model's config, by the answers to the validation split."""
    true, shares = _arrays(tools.labels, answers, rows)
    tools.config.thresholds = best_thresholds(tools.labels, true, shares)


def best_thresholds(labels: Sequence[str], true: "numpy.ndarray", shares: "numpy.ndarray") -> dict[str, float]:
    """Of each label the one with the highest F1; one half where there are too few rows to tell. (rows, labels)"""
    found = {}
    for place, label in enumerate(labels):
        there = int(true[:, place].sum())
        known = min(there, len(true) - there) >= FEWEST_TO_CHOOSE
        found[label] = round(best_threshold(true[:, place], shares[:, place]), 6) if known else HALF
    return found


def _arrays(
    labels: Sequence[str], answers: Sequence[Answer], rows: Sequence[Row]
) -> "tuple[numpy.ndarray, numpy.ndarray]":
    """(rows, labels): whether each label is there, and its probability."""
    import numpy

    true = numpy.zeros((len(rows), len(labels)), dtype=bool)
    shares = numpy.zeros((len(rows), len(labels)), dtype="float32")
    for number, (answer, row) in enumerate(zip(answers, rows, strict=True)):
        there = set(row["labels"])
        true[number] = [label in there for label in labels]
        shares[number] = [answer.details["probabilities"][label] for label in labels]
    return true, shares


class LabelsScorer:
    """F1 over labels and over all, average precision, and what is found of each label.

    Before the thresholds are settled the rows are judged by those that suit them best; then by the settled ones.
    """

    def __init__(self, tools: Tools) -> None:
        self._labels = tools.labels
        self._settled = thresholds_of(tools)
        self._counts: Counter[tuple[str, str]] = Counter()  # (true, answered)
        self._parts: list[tuple[numpy.ndarray, numpy.ndarray]] = []

    def add(self, answers: Sequence[Answer], rows: Sequence[Row]) -> list[Marks]:
        self._parts.append(_arrays(self._labels, answers, rows))
        return [pair_marks(_pairs(row["labels"], answer.value)) for answer, row in zip(answers, rows, strict=True)]

    def scores(self) -> Scores:
        if not self._parts:
            return Scores({})
        import numpy

        true, shares = (numpy.concatenate(parts) for parts in zip(*self._parts, strict=True))
        thresholds = self._settled or best_thresholds(self._labels, true, shares)
        answered = shares >= numpy.array([thresholds[label] for label in self._labels])
        counts = _counts(self._labels, true, answered)
        measured = {
            self._labels[place]: {AVERAGE_PRECISION.name: value}
            for place, value in average_precisions(true, shares).items()
        }
        _unused, each = found_views(counts, self._labels, _("Examples"), measured)
        remarks = never_found(counts, self._labels)
        if self._settled is None:
            remarks.append(_("From which probability on a label counts was chosen by these same examples."))
        interval = _macro_interval(true, answered)
        return Scores(label_metrics(true, shares, answered), (each,), {F1_MACRO.name: interval}, tuple(remarks))


def _pairs(true: Sequence[str], answered: Sequence[str]) -> list[tuple[str, str]]:
    """(true, answered) of each label that is there or was answered."""
    found = [(label, label if label in answered else NOTHING) for label in true]
    return found + [(NOTHING, label) for label in answered if label not in true]


def _counts(labels: Sequence[str], true: "numpy.ndarray", answered: "numpy.ndarray") -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for place, label in enumerate(labels):
        here, there = true[:, place], answered[:, place]
        counts[label, label] = int((here & there).sum())
        counts[label, NOTHING] = int((here & ~there).sum())
        counts[NOTHING, label] = int((~here & there).sum())
    return +counts


def _macro_interval(true: "numpy.ndarray", answered: "numpy.ndarray") -> Interval:
    """Of F1 over the labels, by drawing rows again."""
    import numpy

    known = true.any(axis=0) | answered.any(axis=0)
    counted = plural(
        "{n:,} label in {rows:,} examples", "{n:,} labels in {rows:,} examples", known.sum(), rows=len(true)
    )
    if known.sum() > MOST_RESAMPLED:
        return Interval(counted)
    true, answered = true[:, known], answered[:, known]
    rows = numpy.stack([true & answered, true, answered], axis=1).astype("int64").reshape(len(true), -1)

    def f1(sums: "numpy.ndarray") -> "numpy.ndarray":
        found, there, said = numpy.moveaxis(sums.reshape(len(sums), 3, -1), 1, 0)
        return (2 * found / numpy.maximum(there + said, 1)).mean(axis=1)

    return resampled(counted, rows, f1)
