"""A text that the model wrote: value."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from components.notices import heading
from components.words import escape
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.language import _
from studio.tasks.base import Answer

FEW_LETTERS = 120  # of an answer in a few words


class WrittenAnswers(AnswerKind):
    name = "text"
    is_more_or_less = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """What is written after training, before, and the right text."""
        texts = [(AFTER, str(answer.value))]
        if before:
            texts.append((BEFORE, str(before.value)))
        if (right := asked.right("text")) is not None:
            texts.append((TRUTH, right))
        parts = [
            heading(title, "" if text else _("Nothing was written."), level=4)
            + (f'<div class="ui-answer-text" dir="auto">{escape(text)}</div>' if text else "")
            for title, text in texts
        ]
        return f'<div class="ui-answer-parts">{"".join(parts)}</div>'

    def cells(self, answer: Answer) -> dict[str, Any]:
        return {"predicted": answer.value}

    def lines(self, answer: Answer) -> list[str]:
        return str(answer.value).splitlines() or [_("Nothing was written.")]

    def short(self, answer: Answer) -> str:
        text = " ".join(str(answer.value).split())
        cut = text if len(text) <= FEW_LETTERS else f"{text[:FEW_LETTERS]}…"
        return cut or _("nothing written")

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """How little it has in common with the right text."""
        right = next((str(cell) for cell in truth.values()), "")
        return 1.0 - SequenceMatcher(None, str(answer.value), right, autojunk=False).ratio()

    def truth(self, asked: Asked) -> str:
        return ""
