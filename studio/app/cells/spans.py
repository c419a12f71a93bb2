"""Marked pieces of a text: drawn in the text, and counted by their labels."""

from collections.abc import Sequence

from components.charts.marked_text import marked_html
from components.words import escape
from studio.app.cells.base import Cells, Overview
from studio.app.cells.label import class_overview, labels_of
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields.spans import read_spans
from studio.data.importing import Imported
from studio.errors import StudioError
from studio.language import _, plural

MOST_LETTERS = 600  # of a text in a table


class SpanCells(Cells):
    name = "spans"
    over = "text"
    invitations = {
        "text": _(
            "A table with a text and its marked pieces in each row (JSONL, JSON, CSV, ...), or files of words with "
            "a tag each (CoNLL)."
        ),
    }

    def drawn_over(self, cell: str, below: str, imported: Imported | None, labels: Sequence[str] = ()) -> str:
        """The text with its pieces marked; without them where the cell cannot be read (reported elsewhere)."""
        cut = below[:MOST_LETTERS] + ("…" if len(below) > MOST_LETTERS else "")
        try:
            spans = read_spans(cell)
        except StudioError:
            return f"<span>{escape(cut)}</span>"
        return marked_html(cut, [span.as_dict() for span in spans if span.end <= MOST_LETTERS], labels)

    def short(self, cell: str) -> str:
        return plural("{n:,} piece", "{n:,} pieces", len(read_spans(cell)))

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        pieces = sum(count for splits in assembled.counts.values() for count in splits.values())
        marked = plural("{n:,} marked piece", "{n:,} marked pieces", pieces)
        texts = plural("{n:,} text", "{n:,} texts", sum(assembled.rows.values()))
        return class_overview(_("Marked pieces per label"), [labels_of(assembled), marked, texts], assembled)
