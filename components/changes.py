"""What differs from the usual, as a line of small buttons: a press puts one back."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.scripts import script


class Change(TypedDict):
    key: str
    title: str
    value: str


class ChangesValue(TypedDict):
    changes: Sequence[Change]


class Changes(Element):
    """Fires `select` with {"key"}: of the change to take back, or "" for all. Nothing is drawn where none is."""

    def __init__(self, value: ChangesValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-changes"></div>',
            js_on_load=script("changes"),
            apply_default_css=False,
            **settings,
        )
