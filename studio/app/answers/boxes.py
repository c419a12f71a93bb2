"""Objects in an image: value is [{"box": [left, top, width, height], "label", "score"}] in pixels of the image, whose
details["width"] and details["height"] are."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.charts.framed_image import USUAL, framed_html, with_score_choice
from components.charts.marked_text import label_legend
from components.notices import heading
from studio.app.answers.base import AFTER, BEFORE, AnswerKind, Asked
from studio.app.paging import file_url
from studio.data.fields.boxes import read_boxes
from studio.language import _, in_percent, listing, sentences
from studio.tasks.base import Answer

DIGITS = 4  # of a score in a file
Found = Mapping[str, Any]


class BoxAnswers(AnswerKind):
    name = "boxes"
    shows_input = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The image with what was found after training and before; dashed, where it is known, the right answer."""
        path = Path(asked.given("image"))
        right = read_boxes(asked.right("boxes") or "[]")
        there = [{**box.as_dict(), "dashed": True} for box in right]
        answers: list[tuple[str, Sequence[Found], Answer]] = [(AFTER, answer.value, answer)]
        if before:
            answers.append((BEFORE, before.value, before))
        labels = [str(found["label"]) for _title, value, _answer in answers for found in (*value, *there)]
        parts = []
        for title, value, each in answers:
            size = (float(each.details["width"]), float(each.details["height"]))
            drawing = framed_html(file_url(path), size, [*there, *value], path.name, [*asked.classes, *labels])
            nothing = "" if value else _("Nothing was found.")
            dashed = _("Dashed lines show the right answer.") if there else ""
            parts.append(heading(title, sentences(nothing, dashed), level=4) + drawing)
        counts = Counter(dict.fromkeys(sorted(set(labels)), 0))
        counts.update(str(found["label"]) for found in sure(answer.value))
        legend = label_legend(counts, asked.classes) if counts else ""
        body = f'<div class="ui-answer-parts">{legend}{"".join(parts)}</div>'
        return with_score_choice(body, _("Show objects with a confidence of at least:"))

    def cells(self, answer: Answer) -> dict[str, Any]:
        share = self.confidence(answer)
        return {
            "predicted": json.dumps(answer.value, ensure_ascii=False),
            "confidence": None if share is None else round(share, DIGITS),
        }

    def lines(self, answer: Answer) -> list[str]:
        return [
            f"{in_percent(found['score'], digits=1):>6}  {found['label']}  ({_place(found['box'])})"
            for found in answer.value
        ] or [_("Nothing was found.")]

    def short(self, answer: Answer) -> str:
        """What the model is rather sure of, counted."""
        counts = Counter(str(found["label"]) for found in sure(answer.value))
        return listing(f"{count} {label}" for label, count in counts.most_common()) or _("nothing found")

    def confidence(self, answer: Answer) -> float | None:
        """Of the object that it is least sure of, among those that are shown at first."""
        return min((float(found["score"]) for found in sure(answer.value)), default=None)

    def truth(self, asked: Asked) -> str:
        return ""


def sure(found: Sequence[Found]) -> list[Found]:
    """What the model is as sure of as is shown at first."""
    return [each for each in found if each["score"] >= USUAL]


def _place(box: Sequence[float]) -> str:
    left, top, width, height = box
    return f"left {left:.0f}, top {top:.0f}, {width:.0f} x {height:.0f} pixels"
