"""The runs that wait in line, the next one first, each with buttons that move it or take it out."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class Waiting(TypedDict, total=False):
    """key: of the run; without one it is somebody else's and has no buttons. note: what it waits for."""

    key: str
    title: str
    note: str


class RunQueueValue(TypedDict):
    runs: Sequence[Waiting]


class RunQueue(Element):
    """Fires `select` with {"key", "to"}: "open", "first", "up", "down" or "out". Nothing is drawn where none waits."""

    def __init__(self, value: RunQueueValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-queue"></div>',
            js_on_load=script("run_queue"),
            apply_default_css=False,
            top=icon("top"),
            up=icon("up"),
            down=icon("down"),
            out=icon("cross"),
            **settings,
        )
