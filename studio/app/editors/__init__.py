"""In what a person corrects an answer of the data, by the field that holds it. A new field: one file here, one line
below."""

from studio.app.editors.answers import AnswersEditor
from studio.app.editors.base import Editor as Editor
from studio.app.editors.boxes import BoxesEditor
from studio.app.editors.label import LabelEditor
from studio.app.editors.labels import LabelsEditor
from studio.app.editors.mask import MaskEditor
from studio.app.editors.number import NumberEditor
from studio.app.editors.spans import SpansEditor
from studio.app.editors.text import TextEditor
from studio.registry import Registry

EDITORS: Registry[Editor] = Registry(
    "kind of editor",
    LabelEditor(),
    LabelsEditor(),
    NumberEditor(),
    TextEditor(),
    SpansEditor(),
    AnswersEditor(),
    BoxesEditor(),
    MaskEditor(),
)
