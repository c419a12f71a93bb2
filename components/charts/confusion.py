"""Which class was taken for which: a matrix whose cells can be opened."""

from typing import Any, TypedDict

from components.element import Element
from components.scripts import script


class ConfusionValue(TypedDict, total=False):
    labels: list[str]
    counts: list[list[int]]  # rows are the true classes, columns the predicted ones
    row_title: str
    column_title: str


class ConfusionMatrix(Element):
    """Cells shaded by their share of the row. Fires `select` with {"true": row, "predicted": column}.

    Empty cells cannot be chosen. Arrow keys move from cell to cell; the headings stay in view while it scrolls.
    """

    def __init__(self, value: ConfusionValue | None = None, *, nothing: str = "No results yet.", **settings: Any):
        super().__init__(
            value=value,
            html_template='<div class="ui-confusion"></div>',
            js_on_load=script("confusion"),
            apply_default_css=False,
            nothing=nothing,
            **settings,
        )
