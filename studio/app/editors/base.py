"""What the Test page asks about one field whose cell may be wrong: the widget in which a person corrects it.

class NumberEditor(Editor):
    name = "number"
    def widget(self, elem_id): ...        # hidden, until an example of such a task is looked at
    def shown(self, example): ...         # an update: the cell as it can be changed
    def cell(self, value, example): ...   # the cell for what the widget holds
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from gradio.blocks import Block

from studio.language import _

RIGHT = _("The right answer")


@dataclass(frozen=True)
class Example:
    """cell: what the data says, or what it was corrected to, which is_corrected then says; "" for nothing. answer: the
    value that the model gave. over: the cell of the input that this one is drawn over (`Cells.over`), or "". classes:
    that the model knows."""

    cell: str
    answer: Any = None
    over: str = ""
    classes: Sequence[str] = ()
    is_corrected: bool = False


class Editor:
    """The contract. name: the field's."""

    name: ClassVar[str]

    def widget(self, elem_id: str) -> Block:
        """Hidden until there is something to correct in it."""
        raise NotImplementedError

    def shown(self, example: Example) -> dict[str, Any]:
        """An update of the widget, which shows it."""
        raise NotImplementedError

    def cell(self, value: Any, example: Example) -> str:
        """What the widget holds, as a cell; whether it can be used is the field's to say. Raises StudioError."""
        return str(value or "").strip()
