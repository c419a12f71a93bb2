"""A piece of a passage: value is its words, "" for none; details["column"] the input it stands in, details["start"] and
details["end"] where, details["score"] how likely it is."""

from typing import Any

from components.charts.marked_text import marked_html
from components.notices import heading
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.data.fields.answers import read_answers
from studio.language import _, in_percent
from studio.tasks.base import Answer

DIGITS = 4  # of a probability in a file


class QuoteAnswers(AnswerKind):
    name = "quote"
    shows_input = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The passage with the answer marked in it after training, before, and as it should be."""
        passage = asked.cells.get(answer.details["column"], "")
        parts = [_part(AFTER, passage, _piece(answer))]
        if before:
            parts.append(_part(BEFORE, passage, _piece(before)))
        if (right := asked.right("answers")) is not None:
            places = [place for quote in read_answers(right) if (place := quote.place(passage))]
            parts.append(_part(TRUTH, passage, [{"start": s, "end": e, "label": _("Answer")} for s, e in places[:1]]))
        return f'<div class="ui-answer-parts">{"".join(parts)}</div>'

    def cells(self, answer: Answer) -> dict[str, Any]:
        return {"predicted": answer.value, "confidence": round(self.confidence(answer), DIGITS)}

    def lines(self, answer: Answer) -> list[str]:
        return [f"{in_percent(self.confidence(answer), digits=1):>6}  {' '.join(self.short(answer).split())}"]

    def short(self, answer: Answer) -> str:
        return str(answer.value) or _("no answer")

    def confidence(self, answer: Answer) -> float:
        return float(answer.details["score"])

    def truth(self, asked: Asked) -> str:
        return ""


def _part(title: str, passage: str, pieces: list[dict[str, Any]]) -> str:
    nothing = "" if pieces else _("There is no answer in the passage.")
    return heading(title, nothing, level=4) + f'<div class="ui-answer-text">{marked_html(passage, pieces)}</div>'


def _piece(answer: Answer) -> list[dict[str, Any]]:
    """What is marked: nothing where there is no answer."""
    if not answer.value:
        return []
    places = {"start": answer.details["start"], "end": answer.details["end"]}
    return [{**places, "label": _("Answer"), "note": in_percent(answer.details["score"])}]
