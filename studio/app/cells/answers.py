"""Answers from a passage: marked in it."""

from collections.abc import Sequence

from components.charts.marked_text import marked_html
from studio.app.cells.base import Cells, Overview
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields.answers import in_one_form, read_answers
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _, listing, plural

BEFORE, MOST_LETTERS = 120, 400  # letters of a passage in a table: before the answer, and in all


class AnswersCells(Cells):
    name = "answers"
    over = "text"
    invitations = {
        "text": _("A SQuAD file (JSON), or a table with a passage, a question and its answer in each row."),
    }

    def drawn_over(self, cell: str, below: str, imported: Imported | None, labels: Sequence[str] = ()) -> str:
        """The passage around the answer; its beginning where there is none."""
        try:
            place = next(filter(None, (quote.place(below) for quote in read_answers(in_one_form(cell)))), None)
        except StudioError:
            place = None
        start = max(0, place[0] - BEFORE) if place else 0
        cut = below[start : start + MOST_LETTERS]
        head, tail = "…" if start else "", "…" if start + MOST_LETTERS < len(below) else ""
        moved = start - len(head)
        marked = [{"start": place[0] - moved, "end": place[1] - moved, "label": _("Answer")}] if place else []
        return marked_html(head + cut + tail, marked)

    def short(self, cell: str) -> str:
        return listing(dict.fromkeys(quote.text for quote in read_answers(cell))) or _("no answer")

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        cells = assembled.table[column.name]
        questions = plural("{n:,} question", "{n:,} questions", len(cells))
        without = int((cells == "[]").sum())
        none = plural("{n:,} of them without an answer", "{n:,} of them without an answer", without)
        used = [questions, none] if without else [questions]
        return Overview(_("Questions"), _("{counts} are used.", counts=listing(used, "and")), "")
