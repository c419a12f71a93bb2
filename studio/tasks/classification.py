"""What sorting texts and sorting pictures share: labels, row problems, scores, the new head, finished models."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column, Problem
from studio.errors import StudioError
from studio.tasks.base import Prediction, Predictions, Scores

if TYPE_CHECKING:
    import numpy
    import pandas

LABEL = Column(
    "label",
    "Class (label)",
    "label",
    "The answer that the model learns to give for each example.",
    hints=("label", "class", "category", "target", "sentiment", "intent", "y", "topic", "tag"),
)


def class_names(table: "pandas.DataFrame") -> tuple[str, ...]:
    """The classes of the rows, sorted. Fewer than two raise StudioError."""
    names = tuple(sorted({str(label) for label in table["label"]}))
    if len(names) < 2:
        raise StudioError(
            "There is nothing to tell apart.",
            f"All examples have the same class{f' ({names[0]})' if names else ''}.",
            "Bring data with at least two classes, or choose another column as the class.",
        )
    return names


def in_stored_order(names: tuple[str, ...], id2label: Mapping[int, str]) -> tuple[str, ...]:
    """`names` in the order of a checkpoint's own labels where these are the same ones: then its head is kept."""
    stored = tuple(str(id2label[index]) for index in sorted(id2label))
    return stored if sorted(stored) == sorted(names) else names


def label_maps(labels: Sequence[str]) -> dict[str, Any]:
    """The settings that put names to a model's outputs."""
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def one_of(labels: Sequence[str]) -> dict[str, Any]:
    """What a model's config must say so that it gives each example one of these labels."""
    return {**label_maps(labels), "problem_type": "single_label_classification"}


# --- problems -----------------------------------------------------------------------------------


def row_numbers(table: "pandas.DataFrame") -> list[int]:
    """The numbers of the rows in the person's file: the column `row`, or counted from 1."""
    return [int(row) for row in table["row"]] if "row" in table.columns else list(range(1, len(table) + 1))


def label_problems(table: "pandas.DataFrame") -> Iterator[Problem]:
    """Rows without a class, and classes that cannot be learned well."""
    rows = row_numbers(table)
    labels = table["label"]
    clean = labels.where(labels.notna(), "").astype(str)
    for position in (clean.str.strip() == "").to_numpy().nonzero()[0].tolist():
        yield Problem(rows[position], "No class", "The class of this row is empty.", column="label")
    counts = clean[clean.str.strip() != ""].value_counts()
    if len(counts) == 1:
        yield _whole("Only one class", f"Every row is '{counts.index[0]}'; there must be at least two to tell apart.")
    if len(counts) > 50 and len(counts) > 0.5 * int(counts.sum()):
        yield _whole(
            "Almost every row has a class of its own",
            f"{len(counts):,} different classes in {int(counts.sum()):,} rows; is this the right column?",
        )
    alike: dict[str, list[str]] = {}
    for name in counts.index:
        alike.setdefault(" ".join(str(name).casefold().split()), []).append(str(name))
    for names in alike.values():
        if len(names) > 1:
            quoted = " and ".join(f"'{name}'" for name in sorted(names))
            yield _whole(f"{quoted} count as different classes", "They differ only in capitals or spaces.")


def _whole(what: str, why: str) -> Problem:
    return Problem(0, what, why, drops=False, column="label")


# --- scores -------------------------------------------------------------------------------------


def score(predictions: Predictions) -> Scores:
    """Accuracy, macro precision, recall and F1, loss; per class and confusion counts (scikit-learn).

    Macro averages run over the classes that occur in the split or were predicted, as scikit-learn does.
    """
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    known = list(range(len(predictions.labels)))
    targets, answers = predictions.targets, predictions.logits.argmax(axis=-1)
    if len(targets) == 0:
        return Scores({}, labels=predictions.labels)
    macro = precision_recall_fscore_support(targets, answers, average="macro", zero_division=0)
    each = precision_recall_fscore_support(targets, answers, labels=known, average=None, zero_division=0)
    per_class = tuple(
        {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
        for label, p, r, f, n in zip(predictions.labels, *each, strict=True)
    )
    metrics = {
        "accuracy": float(accuracy_score(targets, answers)),
        "precision_macro": float(macro[0]),
        "recall_macro": float(macro[1]),
        "f1_macro": float(macro[2]),
        "loss": float(predictions.loss),
    }
    counts = confusion_matrix(targets, answers, labels=known)
    return Scores(metrics, per_class, tuple(tuple(int(n) for n in row) for row in counts), predictions.labels)


def answers_from(logits: "numpy.ndarray", labels: Sequence[str]) -> list[Prediction]:
    """Logits (rows, classes) -> softmax probabilities by label, most likely first."""
    import numpy

    exponents = numpy.exp(logits.astype("float64") - logits.max(axis=-1, keepdims=True))
    shares = exponents / exponents.sum(axis=-1, keepdims=True)
    answers = []
    for row in shares:
        ranked = {labels[index]: float(row[index]) for index in numpy.argsort(-row, kind="stable")}
        answers.append(Prediction(next(iter(ranked)), ranked))
    return answers


def config_of(folder: Path) -> dict[str, Any]:
    """A model folder's config.json. Raises StudioError where it is missing or damaged."""
    from studio.files import read_json

    try:
        values = read_json(folder / "config.json")
    except ValueError as error:
        raise StudioError(f"The config.json of '{folder.name}' is damaged.", str(error), "Fetch it again.") from error
    if not isinstance(values, dict):
        raise StudioError(
            f"'{folder.name}' is not a model folder.",
            "It holds no config.json.",
            "Choose a folder that `save_pretrained` of transformers wrote, or a model from the list.",
        )
    return values
