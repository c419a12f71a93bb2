"""What the pages ask about the cells of one field: how each is drawn in a table, and what the whole column looks like.

class NumberCells(Cells):
    name = "number"
    drawn_as = "number"
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.importing import Imported

Drawn = object  # what `components.tables.PagedTable` takes as a cell


@dataclass(frozen=True)
class Overview:
    """What a column holds, at a glance."""

    title: str
    sentence: str
    html: str


class Cells:
    """The contract; most fields have nothing to add to some of these answers.

    name: the field's. drawn_as: the kind of the table's column. over: the field of the cells that these are drawn
    over, such as marks over a text; a row that has both shows one drawing. has_legend: such a drawing has no room for
    the names of the labels.
    invitations: what data with such targets looks like, by the field of the task's first input. Under "" stands what
    data with such inputs looks like where the targets say nothing.
    """

    name: ClassVar[str]
    drawn_as: ClassVar[Literal["text", "number", "badge", "image", "drawing"]] = "text"
    over: ClassVar[str | None] = None
    has_legend: ClassVar[bool] = False
    invitations: ClassVar[Mapping[str, str]] = {}

    def drawn(self, cell: str, imported: Imported | None) -> Drawn:
        """One cell. imported: where the files lie that cells name."""
        return cell

    def drawn_over(self, cell: str, below: str, imported: Imported | None, labels: Sequence[str] = ()) -> str:
        """Markup of the cell `below` with this one over it; only asked of fields that say `over`.

        labels: of the whole column, so that each has one colour everywhere.
        """
        raise NotImplementedError

    def short(self, cell: str) -> str:
        """The cell in a few words."""
        return cell

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        """The whole column of the rows that are used; None where there is nothing to count."""
        return None
