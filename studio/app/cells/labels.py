"""Any number of labels: their names, and how often each comes in the splits."""

from studio.app.cells.base import Cells, Drawn, Overview
from studio.app.cells.label import class_overview, labels_of
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields.labels import list_in
from studio.data.importing import Imported
from studio.language import _, listing, plural


class LabelsCells(Cells):
    name = "labels"
    invitations = {
        "text": _(
            "A table with a text and its labels in each row: a list, names separated by commas or semicolons, or a "
            "column of 0 and 1 for each label."
        ),
        "image": _(
            "A ZIP of images, with a CSV in it that names each image and its labels, or has a column of 0 and 1 for "
            "each label."
        ),
    }

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        return self.short(cell)

    def short(self, cell: str) -> str:
        found = list_in(cell)
        return cell if found is None else listing(found) or _("none")

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        rows = sum(assembled.rows.values())
        given = sum(count for splits in assembled.counts.values() for count in splits.values())
        examples = plural("{n:,} example", "{n:,} examples", rows)
        each = _("{count:.1f} on average in each", count=given / max(1, rows))
        return class_overview(_("Examples per label"), [labels_of(assembled), examples, each], assembled)
