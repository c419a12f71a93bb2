"""Any number of labels: value is the list of those that fit, details["probabilities"] the probability of each, and
details["thresholds"] from which on it fits."""

import json
from collections.abc import Mapping
from typing import Any

from components.charts.bars import bars_html
from studio.app.answers.base import AFTER, BEFORE, AnswerKind, Asked
from studio.data.fields.labels import list_in
from studio.language import _, in_percent, listing
from studio.tasks.base import Answer

DIGITS = 6  # of a probability in a file


class LabelsAnswers(AnswerKind):
    name = "labels"

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The probability of each label, and from which on it counts."""
        earlier, thresholds = (_shares(before) if before else {}), answer.details["thresholds"]
        rows = [
            {
                "label": label,
                "value": share,
                "leading": label in answer.value,
                "threshold": thresholds[label],
                **({"other": earlier.get(label, 0.0)} if before else {}),
            }
            for label, share in _shares(answer).items()
        ]
        return bars_html(rows, AFTER, BEFORE, threshold_title=_("Threshold: from here on the label counts"))

    def cells(self, answer: Answer) -> dict[str, Any]:
        shares = _shares(answer)
        return {
            "predicted": json.dumps(answer.value, ensure_ascii=False),
            **{f"p_{label}": round(shares[label], DIGITS) for label in sorted(shares)},
        }

    def lines(self, answer: Answer) -> list[str]:
        marks = {label: "*" if label in answer.value else " " for label in _shares(answer)}
        return [f"{marks[label]} {in_percent(share, digits=1):>6}  {label}" for label, share in _shares(answer).items()]

    def short(self, answer: Answer) -> str:
        return listing(answer.value) or _("no label")

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """How sure the model was of the label that it was most wrong about."""
        right = {label for cell in truth.values() for label in list_in(str(cell)) or ()}
        return max((abs((label in right) - share) for label, share in _shares(answer).items()), default=0.0)


def _shares(answer: Answer) -> Mapping[str, float]:
    """By label, the likeliest first."""
    shares: Mapping[str, float] = answer.details["probabilities"]
    return shares
