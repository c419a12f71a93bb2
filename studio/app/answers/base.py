"""What the pages and the command line ask about one kind of answer: how it is drawn, written to a file, and printed.

class LabelAnswers(AnswerKind):
    name = "label"
    def html(self, answer, before, asked): ...     # the Test page: tuned beside before training
    def cells(self, answer): ...                   # a file of predictions
    def lines(self, answer): ...                   # a terminal
    def short(self, answer): ...                   # a table, and "The model says: ..."
    def confidence(self, answer): ...              # how sure the model is, from 0 to 1
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from studio.app.cells import CELLS
from studio.data.columns import Column
from studio.language import _, in_percent, listing
from studio.tasks.base import RIGHT, WRONG, Answer

HOW_SURE = _("How sure")
AFTER, BEFORE, TRUTH = _("After training"), _("Before training"), _("The right answer")
TONES = {RIGHT: "good", WRONG: "bad"}


@dataclass(frozen=True)
class Asked:
    """A question to a model. cells: values of the inputs by the names of the columns; an image's is its path.

    truth: the same for the targets, where they are known. classes: that the model may name.
    """

    columns: Sequence[Column]
    cells: Mapping[str, str]
    truth: Mapping[str, str] = field(default_factory=dict)
    classes: Sequence[str] = ()

    def given(self, kind: str) -> str:
        """The first input of this field; "" where there is none."""
        return self._first(kind, self.cells)

    def right(self, kind: str) -> str | None:
        """The first target of this field; None where nobody knows."""
        return self._first(kind, self.truth) or None

    def _first(self, kind: str, cells: Mapping[str, str]) -> str:
        return next((cells[column.name] for column in self.columns if column.kind == kind and column.name in cells), "")


@dataclass(frozen=True)
class Asking:
    """A question with the models' answers. kind: of the answers. why_not: why `before` is not known, or ""."""

    run: str
    kind: str
    asked: Asked
    tuned: Answer
    before: Answer | None = None
    why_not: str = ""


class AnswerKind:
    """The contract. name: what `Task.answer_kind` says.

    is_more_or_less: whether no answer is simply wrong, so that all are ranked by how far they are off.
    shows_input: whether `html` shows what was asked about as well.
    """

    name: ClassVar[str]
    is_more_or_less: ClassVar[bool] = False
    shows_input: ClassVar[bool] = False

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """Markup of the tuned model's answer beside the one before training, where that is known."""
        raise NotImplementedError

    def cells(self, answer: Answer) -> dict[str, Any]:
        """Columns of a file of predictions; the same ones for every answer of a model."""
        raise NotImplementedError

    def lines(self, answer: Answer) -> list[str]:
        """What a terminal shows."""
        raise NotImplementedError

    def short(self, answer: Answer) -> str:
        """The answer in a few words."""
        raise NotImplementedError

    def confidence(self, answer: Answer) -> float | None:
        """How sure the model is, from 0 to 1; None where it does not say."""
        return None

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """How much a mistake is worth a look: the surer the model was of it, the more. truth: cells of the targets."""
        return self.confidence(answer) or 0.0

    def cell(self, answer: Answer, marks: Collection[str]) -> dict[str, str]:
        """A badge for a table. marks: what the scorer found about the row."""
        tone = next((TONES[mark] for mark in marks if mark in TONES), "neutral")
        return {"text": self.short(answer), "tone": tone}

    def how_sure(self, answer: Answer) -> str:
        """The confidence as people read it; "" where there is none."""
        share = self.confidence(answer)
        return "" if share is None else in_percent(share)

    def truth(self, asked: Asked) -> str:
        """A sentence with the right answer, where it is known and not drawn anyway."""
        right = [
            CELLS[column.kind].short(asked.truth[column.name]) for column in asked.columns if column.name in asked.truth
        ]
        return _("The right answer is {answer}.", answer=listing(right)) if right else ""
