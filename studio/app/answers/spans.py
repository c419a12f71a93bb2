"""Marked pieces of the text: value is [{"start", "end", "label", "text", "score"}], characters counted from 0."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.charts.marked_text import label_legend, marked_html
from components.notices import heading
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.data.fields.spans import read_spans
from studio.language import _, in_percent, listing
from studio.tasks.base import Answer

NAMED = 4  # pieces in a few words
DIGITS = 4  # of a score in a file
Piece = Mapping[str, Any]


class SpanAnswers(AnswerKind):
    name = "spans"
    shows_input = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The text as it was marked after training, before, and as it should be; the same colours in all three."""
        answers: list[tuple[str, Sequence[Piece]]] = [(AFTER, answer.value)]
        if before:
            answers.append((BEFORE, before.value))
        if (right := asked.right("spans")) is not None:
            answers.append((TRUTH, [span.as_dict() for span in read_spans(right)]))
        labels = [str(piece["label"]) for _title, pieces in answers for piece in pieces]
        text = asked.given("text")
        counts = Counter(dict.fromkeys(sorted(set(labels)), 0))
        counts.update(str(piece["label"]) for piece in answer.value)
        parts = [
            heading(title, level=4)
            + f'<div class="ui-answer-text">{marked_html(text, _noted(pieces), [*asked.classes, *labels])}</div>'
            for title, pieces in answers
        ]
        legend = label_legend(counts, asked.classes) if counts else ""
        return f'<div class="ui-answer-parts">{legend}{"".join(parts)}</div>'

    def cells(self, answer: Answer) -> dict[str, Any]:
        pieces = [
            {**piece, **({"score": round(piece["score"], DIGITS)} if "score" in piece else {})}
            for piece in answer.value
        ]
        sure = self.confidence(answer)
        share = None if sure is None else round(sure, DIGITS)
        return {"predicted": json.dumps(pieces, ensure_ascii=False), "confidence": share}

    def lines(self, answer: Answer) -> list[str]:
        widest = max((len(str(piece["label"])) for piece in answer.value), default=0)
        return [
            f"{_sure(piece):>4}  {piece['label']!s:{widest}}  {piece['text']}  ({piece['start']}-{piece['end']})"
            for piece in answer.value
        ] or [_("Nothing was marked.")]

    def short(self, answer: Answer) -> str:
        named = listing(f"{piece['text']} ({piece['label']})" for piece in answer.value[:NAMED])
        more = len(answer.value) - NAMED
        return _("{pieces} and {more} more", pieces=named, more=more) if more > 0 else named or _("nothing marked")

    def confidence(self, answer: Answer) -> float | None:
        """Of the piece that it is least sure of."""
        return min((float(piece["score"]) for piece in answer.value if "score" in piece), default=None)

    def truth(self, asked: Asked) -> str:
        return ""


def _noted(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    return [{**piece, "note": _sure(piece)} for piece in pieces]


def _sure(piece: Piece) -> str:
    score = piece.get("score")
    return "" if score is None else in_percent(score)
