"""A small grid of rows that are there already: changed, added and removed in place."""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class EditedColumn(TypedDict):
    """kind: "choice" for a word of `RowEditorValue.choices` or a new one."""

    title: str
    kind: Literal["choice", "number"]


class RowEditorValue(TypedDict):
    """rows: a text for each column. choices: words that are offered."""

    rows: Sequence[Sequence[str]]
    choices: Sequence[str]


class RowEditor(Element):
    """Its value holds the rows as they stand; it fires no event. note: under the title. add: on the button."""

    def __init__(
        self,
        value: RowEditorValue | None = None,
        *,
        columns: Sequence[EditedColumn],
        title: str,
        note: str,
        add: str,
        **settings: Any,
    ) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-typed ui-row-editor"></div>',
            js_on_load=script("row_editor"),
            apply_default_css=False,
            columns=list(columns),
            rows_title=title,
            note=note,
            add=add,
            cross=icon("cross"),
            plus=icon("plus"),
            **settings,
        )
