"""Classes: a small badge each, and how often each comes in the splits."""

from collections.abc import Sequence

from components.charts.bars import counts_html
from studio.app.cells.base import Cells, Drawn, Overview
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.importing import Imported
from studio.language import _, listing, plural


class LabelCells(Cells):
    name = "label"
    drawn_as = "badge"
    invitations = {
        "audio": _(
            "A ZIP with one folder of recordings for each class, or a CSV in the ZIP that names recording and label."
        ),
        "image": _("A ZIP with one folder of images for each class, or a CSV in the ZIP that names image and label."),
    }

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        return {"text": cell, "tone": "neutral"}

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        classes = plural("{n:,} class", "{n:,} classes", len(assembled.counts))
        examples = plural("{n:,} example", "{n:,} examples", sum(assembled.rows.values()))
        return class_overview(_("Examples per class"), [classes, examples], assembled)


def labels_of(assembled: Assembled) -> str:
    return plural("{n:,} label", "{n:,} labels", len(assembled.counts))


def class_overview(title: str, used: Sequence[str], assembled: Assembled) -> Overview:
    """How often each label comes in each split. used: how many there are of what."""
    rows = [{"label": name, **splits} for name, splits in assembled.counts.items()]
    return Overview(title, _("{counts} are used.", counts=listing(used, "and")), counts_html(rows))
