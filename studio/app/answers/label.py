"""One class of several: value is its name, details["probabilities"] the share of each class."""

from typing import Any

from components.charts.bars import bars_html
from studio.app.answers.base import AFTER, BEFORE, AnswerKind, Asked
from studio.language import in_percent
from studio.tasks.base import Answer

DIGITS = 6  # of a probability in a file


class LabelAnswers(AnswerKind):
    name = "label"

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        earlier = _shares(before) if before else {}
        rows = [
            {"label": label, "value": share, **({"other": earlier.get(label, 0.0)} if before else {})}
            for label, share in _shares(answer).items()
        ]
        return bars_html(rows, AFTER, BEFORE)

    def cells(self, answer: Answer) -> dict[str, Any]:
        shares = _shares(answer)
        return {
            "predicted": answer.value,
            "confidence": round(self.confidence(answer), DIGITS),
            **{f"p_{label}": round(shares[label], DIGITS) for label in sorted(shares)},
        }

    def lines(self, answer: Answer) -> list[str]:
        return [f"{in_percent(share, digits=1):>6}  {label}" for label, share in _shares(answer).items()]

    def short(self, answer: Answer) -> str:
        return str(answer.value)

    def confidence(self, answer: Answer) -> float:
        return _shares(answer)[answer.value]


def _shares(answer: Answer) -> dict[str, float]:
    """By label, the likeliest first."""
    shares: dict[str, float] = answer.details["probabilities"]
    return shares
