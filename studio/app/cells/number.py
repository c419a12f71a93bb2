"""Numbers: their distribution."""

from components.charts.histogram import histogram_html
from studio.app.cells.base import Cells, Overview
from studio.data.assembly import Assembled
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.fields.number import read_number
from studio.language import _


class NumberCells(Cells):
    name = "number"
    drawn_as = "number"
    invitations = {"image": "A ZIP of images, with a CSV in it that names image and number."}

    def overview(self, column: Column, assembled: Assembled) -> Overview | None:
        cells = assembled.table[column.name]
        words = FIELDS[column.kind].summary(cells)
        numbers = [number for cell in cells if (number := read_number(cell)) is not None]
        sentence = _("{words}; {n:,} examples are used.", words=words, n=len(cells))
        return Overview("Distribution of the numbers", sentence, histogram_html(numbers, title=column.title))
