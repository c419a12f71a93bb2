"""A heading that folds what is below it in the same panel: `with gr.Column(elem_classes=PANEL): Fold(...)`.

Gradio's own accordions forget what was typed into them when they are shown, hidden or opened from Python; here the
style sheet alone hides, so widgets stay where they are.
"""

from typing import Any, TypedDict

from components.element import Element
from components.scripts import script

PANEL = "ui-panel"


class FoldValue(TypedDict, total=False):
    gone: bool  # the whole panel
    open: bool  # opens or folds it; where it is missing, it stays as the person left it


class Fold(Element):
    """title: what the panel is about. open: whether it begins unfolded."""

    def __init__(self, title: str, open: bool = False, value: FoldValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-fold"></div>',
            js_on_load=script("fold"),
            apply_default_css=False,
            heading=title,
            unfolded=open,
            **settings,
        )
