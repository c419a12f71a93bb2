"""What cells hold. A new kind of cell: one file here, one line below."""

from studio.data.fields.answers import Answers
from studio.data.fields.audio import AudioFile
from studio.data.fields.base import Field as Field
from studio.data.fields.boxes import Boxes
from studio.data.fields.image import ImageFile
from studio.data.fields.label import Label
from studio.data.fields.labels import Labels
from studio.data.fields.liked import Liked
from studio.data.fields.mask import Masks
from studio.data.fields.messages import Messages
from studio.data.fields.number import Number
from studio.data.fields.record import Record
from studio.data.fields.spans import Spans
from studio.data.fields.text import Text
from studio.data.fields.value import Value
from studio.registry import Registry

FIELDS: Registry[Field] = Registry(
    "field",
    Text(),
    *(ImageFile(), AudioFile()),
    *(Label(), Labels(), Number(), Spans(), Boxes(), Masks(), Answers()),
    *(Messages(), Record()),
    *(Liked(), Value()),
)
