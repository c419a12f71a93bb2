"""Classes: a small badge each, and how often each comes in the splits."""

from components.charts.bars import counts_html
from studio.app.cells.base import Cells, Drawn, Overview
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.importing import Imported


class LabelCells(Cells):
    name = "label"
    drawn_as = "badge"
    invitations = {
        "image": "A ZIP with one folder of images for each class, or a CSV in the ZIP that names image and label.",
    }

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        return {"text": cell, "tone": "neutral"}

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        rows = sum(assembled.rows.values())
        return class_overview("Examples per class", f"{len(assembled.counts)} classes, {rows:,} examples", assembled)


def class_overview(title: str, sentence: str, assembled: Assembled) -> Overview:
    """How often each label comes in each split."""
    rows = [{"label": name, **splits} for name, splits in assembled.counts.items()]
    return Overview(title, f"{sentence} are used.", counts_html(rows))
