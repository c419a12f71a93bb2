"""The widgets of the Test page, by the field that they ask for. A new field: one file here, one line below."""

from studio.app.inputs.audio import AudioInput
from studio.app.inputs.base import Input as Input
from studio.app.inputs.image import ImageInput
from studio.app.inputs.liked import LikedInput
from studio.app.inputs.messages import MessagesInput
from studio.app.inputs.record import RecordInput
from studio.app.inputs.text import TextInput
from studio.registry import Registry

INPUTS: Registry[Input] = Registry(
    "kind of input", TextInput(), ImageInput(), AudioInput(), MessagesInput(), RecordInput(), LikedInput()
)
