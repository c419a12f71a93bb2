"""What the last press took away, in a line beside its place, with a button that brings it back."""

from typing import Any, TypedDict

from components.element import Element
from components.scripts import script


class UndoValue(TypedDict):
    said: str


class UndoNotice(Element):
    """Fires `select` when the button is pressed. Nothing is drawn without a value. Screen readers hear what is said."""

    def __init__(self, value: UndoValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-undo" role="status"></div>',
            js_on_load=script("undo"),
            apply_default_css=False,
            **settings,
        )
