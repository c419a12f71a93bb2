"""Numbers: their distribution."""

from components.charts.histogram import histogram_html, short_number
from studio.app.cells.base import Cells, Overview
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.number import read_number
from studio.language import _, plural


class NumberCells(Cells):
    name = "number"
    drawn_as = "number"
    invitations = {"image": _("A ZIP of images, with a CSV in it that names image and number.")}

    def short(self, cell: str) -> str:
        number = read_number(cell)
        return cell if number is None else short_number(number)

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        cells = assembled.table[column.name]
        numbers = [number for cell in cells if (number := read_number(cell)) is not None]
        sentence = plural(
            "{numbers}; {n:,} example is used.",
            "{numbers}; {n:,} examples are used.",
            len(cells),
            numbers=FIELDS[column.kind].summary(cells),
        )
        return Overview(_("Distribution of the numbers"), sentence, histogram_html(numbers, title=column.title))
