"""A choice drawn as cards: a radio group whose options have a drawing, a sentence and tags."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script
from components.theme import picture


class Tag(TypedDict, total=False):
    text: str
    tone: str


class Card(TypedDict, total=False):
    key: str
    title: str
    text: str
    icon: str
    picture: str  # a larger drawing in the place of the icon, by its name in assets/pictures
    tags: Sequence[Tag]
    disabled: str  # the reason, shown on the card; empty: can be chosen
    details: Sequence[str]
    group: str  # a heading stands before the first card of each


class CardsValue(TypedDict, total=False):
    """beside: the groups stand beside each other, where there is room, and not one below the other."""

    cards: Sequence[Card]
    selected: str | None
    label: str
    beside: bool


class Cards(Element):
    """Fires `select` with {"key"}; as an input its value has the current `selected`.

    Arrow keys move between cards, space or enter chooses: moving alone starts nothing. opens: the elem_id of what a
    choice leads to, which is scrolled to once it is there.
    """

    def __init__(self, value: CardsValue | None = None, *, opens: str = "", **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-cards" role="radiogroup"></div>',
            js_on_load=script("cards"),
            apply_default_css=False,
            tick=icon("check"),
            opens=opens,
            **settings,
        )

    def postprocess(self, value: CardsValue | None) -> dict[str, Any] | None:  # type: ignore[override]
        """Add the drawings that the cards name."""
        if value is None:
            return None
        cards = value.get("cards", [])
        names = {card["icon"] for card in cards if card.get("icon")}
        pictures = {card["picture"] for card in cards if card.get("picture")}
        return {
            **value,
            "drawings": {name: icon(name) for name in sorted(names)},
            "pictures": {name: picture(name) for name in sorted(pictures)},
        }

    def preprocess(self, payload: Any) -> Any:
        return {key: part for key, part in payload.items() if key not in ("drawings", "pictures")} if payload else None
