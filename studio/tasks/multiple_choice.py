"""Choose the right one of four answers to a question: each answer is read behind the question, and all are compared."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.column_names import CLASSES
from studio.data.columns import Column, Problem
from studio.language import _, listing
from studio.models.kind import ModelKind
from studio.tasks.base import Answer, Batch, Collate, Item, Row, Scorer, Task, Tools
from studio.tasks.classes import LABEL, ClassScorer, class_answers, label_maps, name_classes
from studio.tasks.text_classification import TextOptions, adapt_pooling
from studio.tasks.texts import TEXT, PadTexts, longest_text
from studio.tasks.verdicts import right_verdict

if TYPE_CHECKING:
    import pandas
    import torch

QUESTION = replace(
    TEXT,
    name="question",
    title=_("Question"),
    help=_("What is asked, or what the right answer continues."),
    hints=("question", "query", "stem", "prompt", "context", "sent1", "startphrase", "frage", "pregunta", "pergunta"),
    examples=("How many legs has a spider?", "What freezes at 0 °C?", "Which one is a planet?"),
)
WRITTEN = (("A", "B", "C", "D"), ("a", "b", "c", "d"), ("0", "1", "2", "3"), ("1", "2", "3", "4"))
RIGHT_ANSWER = replace(
    LABEL,
    title=_("Right answer"),
    help=_("Which answer is right: its letter, A to D, or its number, from 0 or from 1."),
    hints=("answer", "correct", "right", "answer_key", "answerkey", "key", "gold", "solution", "answer_idx", *CLASSES),
    examples=("B", "A", "D"),
)


def _choice(letter: str, title: str, number: int, *examples: str) -> Column:
    words = ("option", "choice", "answer")
    marks = tuple(f"{between}{mark}" for mark in (letter, number) for between in ("_", " ", ""))
    known = (letter, f"ending{number - 1}", f"op{letter}", *(word + mark for word in words for mark in marks))
    return replace(
        TEXT, name=letter, title=title, help=_("One of the four answers to choose from."), hints=known,
        examples=examples,
    )  # fmt: skip


CHOICES = (
    _choice("a", _("Answer A"), 1, "six", "water", "the moon"),
    _choice("b", _("Answer B"), 2, "eight", "iron", "the sun"),
    _choice("c", _("Answer C"), 3, "ten", "air", "a comet"),
    _choice("d", _("Answer D"), 4, "none", "sand", "Venus"),
)


def names_of(labels: "pandas.Series") -> tuple[str, ...]:
    """How right answers are written in most of the rows; A to D where they are written in no known way."""
    return max(WRITTEN, key=lambda names: int(labels.isin(names).sum()))


def choose(model: Any, processor: Any, question: str, answers: list[str]) -> list[dict[str, Any]]:
    """The answers with the probability that each is the right one, the likeliest first."""
    import torch

    found = processor([question] * len(answers), answers, truncation=True, padding=True, return_tensors="pt")
    with torch.no_grad():
        shares = model(**{name: tensor[None] for name, tensor in found.items()}).logits[0].softmax(-1)
    names = list(model.config.id2label.values())
    ranked = sorted(zip(names, answers, shares.tolist(), strict=True), key=lambda each: -each[2])
    return [{"label": name, "answer": answer, "score": share} for name, answer, share in ranked]


@dataclass(frozen=True)
class PadChoices:
    """Items with a list of token ids for each answer -> a batch, (rows, answers, tokens) int64."""

    texts: PadTexts

    def __call__(self, items: list[Item]) -> "dict[str, torch.Tensor]":
        import torch

        read = [name for name in ("input_ids", "token_type_ids") if name in items[0]]
        each = [dict(zip(read, parts, strict=True)) for item in items
                for parts in zip(*(item[name] for name in read), strict=True)]  # fmt: skip
        batch = {name: tensor.view(len(items), len(CHOICES), -1) for name, tensor in self.texts(each).items()}
        if "labels" in items[0]:
            batch["labels"] = torch.tensor([item["labels"] for item in items])
        return batch


class MultipleChoice(Task):
    name = "multiple-choice"
    title = _("Choose an answer")
    sentence = _("Choose the right one of four answers to a question: exams, quizzes, what happens next.")
    icon = "check"
    group = _("Texts")
    inputs = (QUESTION, *CHOICES)
    targets = (RIGHT_ANSWER,)
    answer_kind = "label"
    headline = "accuracy"
    traits = frozenset({"classes"})
    model = ModelKind("AutoModelForMultipleChoice", "tokenizer", "multiple-choice", None, ("fill-mask",), compares=True)
    Options = TextOptions

    @property
    def readings(self) -> tuple[tuple[str, ...], ...]:
        return tuple((QUESTION.name, choice.name) for choice in CHOICES)

    def check(self, table: "pandas.DataFrame", files: Path | None) -> list[Problem]:
        names = names_of(table["label"])
        wrong = table[~table["label"].isin(names)]
        why = _("The right answer is written as {names}.", names=listing(names, "or"))
        return [
            Problem(int(row), _("'{label}' is none of the answers.", label=label), why, column="label")
            for row, label in zip(wrong["row"], wrong["label"], strict=True)
        ]

    def configure(self, table: "pandas.DataFrame", options: Any) -> dict[str, Any]:
        return label_maps(names_of(table["label"]))

    def summary(self, labels: Sequence[str]) -> str:
        return f"Chooses the right one of four answers to a question: {name_classes(labels)}."

    def asking_code(self, config: Mapping[str, Any]) -> tuple[str, str]:
        ask = "def ask(question, *answers):\n    return choose(model, processor, question, list(answers))"
        return "from typing import Any", f"{inspect.getsource(choose).strip()}\n\n\n{ask}"

    def question(self, examples: Sequence[str]) -> str:
        return ", ".join(examples)

    def adapt(self, model: Any, folder: Path, options: Any) -> frozenset[str]:
        return adapt_pooling(model, folder, options)

    def encode(self, tools: Tools, rows: Sequence[Row]) -> list[Item]:
        index = tools.config.label2id
        found = tools.processor(
            [row["question"] for row in rows for _unused in CHOICES],
            [row[choice.name] for row in rows for choice in CHOICES],
            truncation=True,
            max_length=longest_text(tools.options.max_length, tools),
        )
        names = [name for name in ("input_ids", "token_type_ids") if name in found]
        each = len(CHOICES)
        return [
            {name: found[name][place * each : (place + 1) * each] for name in names}
            | ({"labels": index[row["label"]]} if "label" in row else {})
            for place, row in enumerate(rows)
        ]

    def length(self, item: Item) -> int:
        return max(map(len, item["input_ids"]))

    def collate(self, tools: Tools, training: bool) -> Collate:
        return PadChoices(PadTexts(tools.processor.pad_token_id, tools.processor.padding_side))

    def answer(self, tools: Tools, model: Any, batch: Batch, outputs: Any = None) -> list[Answer]:
        return class_answers((outputs or model(**batch.tensors)).logits, tools)

    def scorer(self, tools: Tools) -> Scorer:
        return ClassScorer(tools.labels, tools.config)

    def verdict(self, scores: Mapping[str, Any]) -> str:
        return right_verdict(scores) or super().verdict(scores)
