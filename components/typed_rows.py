"""A small grid of rows that people type, or paste from a spreadsheet; they are sent as a CSV file."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class TypedColumn(TypedDict):
    """key: its name in the file. many: whether few values come again and again, which are then offered. hints:
    what such a column is called elsewhere, in lower case."""

    key: str
    title: str
    many: bool
    hints: Sequence[str]


class TypedRowsValue(TypedDict):
    """draft: whose rows these are: the browser keeps them until its window is closed. most: bytes of the file."""

    draft: str
    columns: Sequence[TypedColumn]
    most: int


class TypedRows(Element):
    """Fires `upload` with {"path"}: where the server keeps the file."""

    def __init__(self, value: TypedRowsValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-typed"></div>',
            js_on_load=script("sending", "typed_rows"),
            apply_default_css=False,
            cross=icon("cross"),
            **settings,
        )
