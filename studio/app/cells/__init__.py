"""How cells are shown, by the field that they hold. A new field: one file here, one line below."""

from studio.app.cells.answers import AnswersCells
from studio.app.cells.audio import AudioCells
from studio.app.cells.base import Cells as Cells
from studio.app.cells.boxes import BoxCells
from studio.app.cells.image import ImageCells
from studio.app.cells.label import LabelCells
from studio.app.cells.labels import LabelsCells
from studio.app.cells.liked import LikedCells
from studio.app.cells.mask import MaskCells
from studio.app.cells.messages import MessagesCells
from studio.app.cells.number import NumberCells
from studio.app.cells.record import RecordCells
from studio.app.cells.spans import SpanCells
from studio.app.cells.text import TextCells
from studio.app.cells.value import ValueCells
from studio.registry import Registry

CELLS: Registry[Cells] = Registry(
    "kind of cell",
    TextCells(),
    ImageCells(),
    AudioCells(),
    LabelCells(),
    LabelsCells(),
    NumberCells(),
    SpanCells(),
    BoxCells(),
    MaskCells(),
    AnswersCells(),
    MessagesCells(),
    RecordCells(),
    LikedCells(),
    ValueCells(),
)
