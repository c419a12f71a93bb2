"""Text for a program or a file, as it is written, with a button that copies it."""

from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class CodeTextValue(TypedDict):
    label: str
    text: str


class CodeText(Element):
    """Nothing is drawn where there is no text. Long lines and long texts are scrolled."""

    def __init__(self, value: CodeTextValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-code"></div>',
            js_on_load=script("code_text"),
            apply_default_css=False,
            copy=icon("copy"),
            done=icon("check"),
            **settings,
        )
