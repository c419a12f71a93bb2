"""Links to files; one that has just been made is downloaded at once, since the person pressed for it."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.scripts import script


class Link(TypedDict):
    """words: what is read. name: of the file on the person's disk."""

    url: str
    words: str
    name: str


class DownloadsValue(TypedDict):
    """start: the name of the file whose download begins, or "". made: when it was made, so that two differ."""

    links: Sequence[Link]
    start: str
    made: float


class Downloads(Element):
    """Nothing is drawn where there are no links."""

    def __init__(self, value: DownloadsValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-downloads"></div>',
            js_on_load=script("downloads"),
            apply_default_css=False,
            **settings,
        )
