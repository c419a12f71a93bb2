"""A number. details["distribution"], if given: numbers of the training examples (all, or evenly chosen ones)."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.charts.histogram import Marker, histogram_html, short_number
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.data.fields.number import read_number
from studio.language import _
from studio.tasks.base import Answer

DIGITS = 7  # that a model's numbers are good for
DRAWN = 1000  # numbers, so that a few chosen ones give no ragged picture


class NumberAnswers(AnswerKind):
    name = "number"
    is_more_or_less = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """Where the answers, and the right one, lie among the numbers of the training examples."""
        markers = [Marker(float(answer.value), AFTER, "value")]
        if before:
            markers.append(Marker(float(before.value), BEFORE, "other"))
        right = read_number(asked.right("number") or "")
        if right is not None:
            markers.append(Marker(right, TRUTH, "right"))
        values = between(answer.details.get("distribution") or [])
        return histogram_html(values, markers, _("Numbers of the training examples") if values else _("Answers"))

    def cells(self, answer: Answer) -> dict[str, Any]:
        return {"predicted": float(f"{answer.value:.{DIGITS}g}")}

    def lines(self, answer: Answer) -> list[str]:
        return [self.short(answer)]

    def short(self, answer: Answer) -> str:
        return short_number(float(answer.value))

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """How far it is off."""
        right = next((read_number(str(cell)) for cell in truth.values()), None)
        return abs(float(answer.value) - right) if right is not None else 0.0


def between(values: Sequence[float]) -> list[float]:
    """Numbers spread evenly between each two of these, which are then as likely as they were: quantiles, drawn out."""
    ordered = sorted(map(float, values))
    if not 1 < len(ordered) < DRAWN:
        return ordered
    steps = [place * (len(ordered) - 1) / (DRAWN - 1) for place in range(DRAWN)]
    lows = [min(int(step), len(ordered) - 2) for step in steps]
    return [
        ordered[low] + (step - low) * (ordered[low + 1] - ordered[low]) for step, low in zip(steps, lows, strict=True)
    ]
