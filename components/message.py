"""A message beside what it is about: announced to screen readers, and scrolled to where it cannot be seen."""

from typing import Any

from components.element import Element
from components.scripts import script


class Message(Element):
    """value: markup of `components.notices`, or "" where nothing is said."""

    def __init__(self, value: str = "", **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-message" aria-live="polite"></div>',
            js_on_load=script("message"),
            apply_default_css=False,
            **settings,
        )
