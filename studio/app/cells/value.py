"""Values that are not learned, as they are written."""

from studio.app.cells.base import Cells


class ValueCells(Cells):
    name = "value"
