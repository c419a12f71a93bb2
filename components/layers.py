"""A model's layers as a strip: what is frozen, what learns, what is adapted."""

from typing import Any, Literal, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class Layer(TypedDict, total=False):
    title: str
    state: Literal["frozen", "trained", "adapted"]
    note: str


class LayersValue(TypedDict):
    layers: list[Layer]  # from the input upwards


class LayerStrip(Element):
    """Layers from input to output, with a legend in words; colour is never the only sign.

    follows: the strip moves with what the live chart of the same page says of its run.
    """

    def __init__(self, value: LayersValue | None = None, follows: bool = False, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-layer-strip"></div>',
            js_on_load=script("layers"),
            apply_default_css=False,
            ice=icon("snowflake"),
            spark=icon("lightning"),
            part=icon("layers"),
            follows=follows,
            **settings,
        )
