"""A line of small buttons, one for each thing that can be changed by a press: reset to the default, or fixed."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script
from components.words import _

TITLE, PRESS, PRESS_ALL = _("Changed from the defaults:"), _("Reset to the default"), _("Reset all")


class Change(TypedDict):
    key: str
    title: str
    value: str


class ChangesValue(TypedDict):
    changes: Sequence[Change]


class Changes(Element):
    """Fires `select` with {"key"}: of the entry that was pressed, or "" for all. Nothing is drawn where none is.

    title: what stands before them. press, press_all: what a press does, to one and to all. sign: "cross" or "plus".
    """

    def __init__(
        self,
        value: ChangesValue | None = None,
        *,
        title: str = TITLE,
        press: str = PRESS,
        press_all: str = PRESS_ALL,
        sign: str = "cross",
        **settings: Any,
    ) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-changes"></div>',
            js_on_load=script("changes"),
            apply_default_css=False,
            changes_title=title,
            press=press,
            press_all=press_all,
            sign=icon(sign),
            **settings,
        )
