"""A place to drop files and folders on, or to choose them; several travel as one ZIP."""

from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class DropValue(TypedDict):
    """title, note: what stands on it. accept: as in HTML. folders: whether several files and folders are of use. most:
    bytes of all together. pastes: whether it takes files that are pasted anywhere on the page."""

    title: str
    note: str
    accept: str
    folders: bool
    most: int
    pastes: bool


class DropZone(Element):
    """Fires `upload` with {"path"}: where the server keeps what was sent."""

    def __init__(self, value: DropValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-drop" role="group"></div>',
            js_on_load=script("sending", "brought", "drop_zone"),
            apply_default_css=False,
            sign=icon("upload"),
            **settings,
        )
