"""What was found, the nearest first: value is [{"text", "score"}], the score a cosine; perhaps with "why"."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.notices import heading
from components.words import escape
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.language import _, number
from studio.tasks.base import Answer

SHOWN = 5  # on the page, of each model
DIGITS = 4  # of a cosine in a file
FEW_LETTERS = 120  # of a text in a few words


class RankingAnswers(AnswerKind):
    name = "ranking"
    is_more_or_less = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The first few after training, and before; the right one stands out where it is known."""
        right = asked.right("text")
        parts = [_part(AFTER, answer.value, right)]
        if before:
            parts.append(_part(BEFORE, before.value, right))
        if right is not None:
            parts.append(heading(TRUTH, level=4) + f'<div class="ui-answer-text" dir="auto">{escape(right)}</div>')
        return f'<div class="ui-answer-parts">{"".join(parts)}</div>'

    def cells(self, answer: Answer) -> dict[str, Any]:
        score = round(float(answer.value[0]["score"]), DIGITS) if answer.value else None
        return {"predicted": _text(answer, 0), "score": score, "second": _text(answer, 1), "third": _text(answer, 2)}

    def lines(self, answer: Answer) -> list[str]:
        return [f"{found['score']:6.3f}  {_line(found)}" for found in answer.value] or [_nothing()]

    def short(self, answer: Answer) -> str:
        text = " ".join(_text(answer, 0).split())
        return (text if len(text) <= FEW_LETTERS else f"{text[:FEW_LETTERS]}…") or _nothing()

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """The further behind the right one stands, the more."""
        ranks: Sequence[int] = answer.details.get("ranks", ())
        return 1.0 - 1.0 / ranks[0] if ranks else 0.0

    def truth(self, asked: Asked) -> str:
        return ""


def _text(answer: Answer, place: int) -> str:
    return str(answer.value[place]["text"]) if place < len(answer.value) else ""


def _line(found: Mapping[str, Any]) -> str:
    text = " ".join(found["text"].split())
    return f"{text} ({_reason(found['why'])})" if found.get("why") else text


def _reason(why: str) -> str:
    return _("because of '{text}'", text=" ".join(why.split()))


def _nothing() -> str:
    return _("Nothing was found.")


def _small(found: Mapping[str, Any]) -> str:
    return f'<span class="ui-ranking-why">{escape(_reason(found["why"]))}</span>' if found.get("why") else ""


def _part(title: str, found: Sequence[dict[str, Any]], right: str | None) -> str:
    rows = "".join(
        f'<li class="ui-ranking-row{" ui-ranking-right" if each["text"] == right else ""}">'
        f'<span class="ui-ranking-text" dir="auto">{escape(each["text"])}{_small(each)}</span>'
        f'<span class="ui-bar-number">{escape(number(each["score"], ".2f"))}</span></li>'
        for each in found[:SHOWN]
    )
    return heading(title, "" if found else _nothing(), level=4) + (
        f'<ol class="ui-ranking">{rows}</ol>' if found else ""
    )
