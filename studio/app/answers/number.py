"""A number. details["distribution"], if given: numbers of the training examples (all, or evenly chosen ones)."""

from typing import Any

from components.charts.histogram import Marker, histogram_html, short_number
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.data.fields.number import read_number
from studio.tasks.base import Answer


class NumberAnswers(AnswerKind):
    name = "number"

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """Where the answers, and the right one, lie among the numbers of the training examples."""
        markers = [Marker(float(answer.value), AFTER, "value")]
        if before:
            markers.append(Marker(float(before.value), BEFORE, "other"))
        right = read_number(asked.right("number") or "")
        if right is not None:
            markers.append(Marker(right, TRUTH, "right"))
        values = answer.details.get("distribution") or []
        return histogram_html(values, markers, "numbers of the training examples" if values else "answers")

    def cells(self, answer: Answer) -> dict[str, Any]:
        return {"predicted": answer.value}

    def lines(self, answer: Answer) -> list[str]:
        return [self.short(answer)]

    def short(self, answer: Answer) -> str:
        return short_number(float(answer.value))
