"""A text that the model wrote: value. `times`, in its details: from which second of a recording to which one each of
its words is said."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from components.notices import heading
from components.words import escape, number
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
        parts += [_times(times)] if (times := answer.details.get("times")) else []
        return f'<div class="ui-answer-parts">{"".join(parts)}</div>'

    def cells(self, answer: Answer) -> dict[str, Any]:
        times = answer.details.get("times")
        more = {"times": "; ".join(f"{begin:.2f}-{end:.2f} {word}" for begin, end, word in times)} if times else {}
        return {"predicted": answer.value, **more}

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


def _times(times: Sequence[Sequence[Any]]) -> str:
    """When each word is said, folded."""
    lines = "".join(
        f"<li>{escape(_('{begin} to {end} s', begin=number(begin, '.1f'), end=number(end, '.1f')))} "
        f'<span dir="auto">{escape(word)}</span></li>'
        for begin, end, word in times
    )
    return (
        f'<details class="ui-answer-times"><summary>{escape(_("When each word is said"))}</summary>'
        f"<ol>{lines}</ol></details>"
    )
