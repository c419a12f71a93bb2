"""One bar with two handles that divides data into train, validation and test."""

from typing import Any, TypedDict

from components.element import Element
from components.scripts import script
from components.words import _

TITLES = (_("Learn from (train)"), _("Check while learning (validation)"), _("Final exam (test)"))


class SplitValue(TypedDict, total=False):
    train: float
    validation: float
    test: float
    rows: dict[str, int] | None  # how many rows each split has, where that is known
    counted: dict[str, str]  # the same in words, such as "80 images"
    locked: str  # why the split cannot be changed; empty: it can


class SplitSlider(Element):
    """Fires `release` with {"train", "validation", "test"}: fractions in steps of 0.01 that add up to 1.

    Every split keeps at least 0.01. While a handle moves, row counts are estimated from the fractions
    ("about 1,200"); a new value with `rows` replaces them with the true ones.
    """

    def __init__(self, value: SplitValue | None = None, *, titles: tuple[str, str, str] = TITLES, **settings: Any):
        super().__init__(
            value=value,
            html_template='<div class="ui-split"></div>',
            js_on_load=script("split_slider"),
            apply_default_css=False,
            titles=list(titles),
            **settings,
        )
