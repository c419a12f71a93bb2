"""The bar at the foot of the page: the one button that leads on, or why there is no way on yet."""

from typing import Any, TypedDict

from components.element import Element
from components.scripts import script


class WayOnValue(TypedDict, total=False):
    """key: where the button leads; without one there is no bar. reason: why it cannot be pressed yet, a sentence.

    made: the moment, in seconds since 1970; what was made before what is shown is not drawn any more.
    """

    made: float
    key: str
    words: str
    reason: str


class WayOn(Element):
    """Fires `select` with {"key"} when the button is pressed and nothing stands in the way."""

    def __init__(self, value: WayOnValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-way-on" hidden></div>',
            js_on_load=script("way_on"),
            apply_default_css=False,
            **settings,
        )
