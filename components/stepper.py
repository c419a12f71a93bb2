"""The bar across the top: brand, numbered steps, side entries, what machine this is, the language, light or dark."""

from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class Step(TypedDict, total=False):
    key: str
    title: str
    state: str  # "done" | "current" | "open" | "locked"
    reason: str  # why a locked step cannot be opened yet


class StepperValue(TypedDict, total=False):
    """made: the moment, in seconds since 1970; what was made before what is shown is not drawn any more."""

    made: float
    brand: str
    steps: list[Step]
    side: list[Step]
    machine: str
    machine_brief: str  # the same in a few letters
    account: "Account | None"
    languages: "Languages | None"
    guide: "Guide | None"


class Guide(TypedDict):
    """key: of what it guides through; whoever closes it has closed it for all pages. words: "" for nothing to say."""

    key: str
    title: str
    words: str


class Account(TypedDict):
    name: str
    method: str  # "get" | "post"
    action: str  # the address that a press of the button leads to
    words: str  # on the button


class Languages(TypedDict):
    chosen: str  # a code
    names: dict[str, str]  # by code, as the speakers of each language call it
    action: str  # the address that a press leads to, by POST with the code as "language"


class Stepper(Element):
    """A <nav> of buttons. Fires `select` with {"key"} for every step or side entry that is not locked.

    Entries of `side` may carry an "icon" by name.
    """

    def __init__(self, value: StepperValue | None = None, *, logo: str = "", **settings: Any) -> None:
        """`logo` is SVG markup of our own, drawn before the brand."""
        super().__init__(
            value=value,
            html_template='<nav class="ui-stepper" aria-label="Steps"></nav>'
            '<div class="ui-guide" role="note" hidden></div>',
            js_on_load=script("guide", "settling", "kept_focus", "stepper"),
            apply_default_css=False,
            logo=logo,
            sun=icon("sun"),
            moon=icon("moon"),
            globe=icon("globe"),
            tick=icon("check"),
            lock=icon("lock"),
            compass=icon("compass"),
            cross=icon("cross"),
            **settings,
        )

    def postprocess(self, value: StepperValue | None) -> dict[str, Any] | None:  # type: ignore[override]
        """Add the drawings that the side entries name."""
        if value is None:
            return None
        names = {entry["icon"] for entry in value.get("side", []) if "icon" in entry}  # type: ignore[typeddict-item]
        return {**value, "drawings": {name: icon(name) for name in sorted(names)}}

    def preprocess(self, payload: Any) -> Any:
        return {key: part for key, part in payload.items() if key != "drawings"} if payload else None
