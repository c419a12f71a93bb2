"""A choice from a table in groups: each group shows its first row until it is unfolded, and columns can be sorted."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class ChoiceCell(TypedDict):
    text: str
    sort: float | None  # None stands last, whichever way


class ChoiceColumn(TypedDict):
    key: str
    title: str


class ChoiceRow(TypedDict, total=False):
    key: str
    title: str
    words: str  # behind the title; these, the text and the notes are HTML text, of `escape` or `components.terms`
    text: str
    notes: Sequence[str]
    cells: Mapping[str, ChoiceCell]  # by the column's key
    disabled: str  # the reason; empty: can be chosen


class ChoiceGroup(TypedDict, total=False):
    title: str
    text: str  # as that of rows
    notes: Sequence[str]
    rows: Sequence[ChoiceRow]


class ChoiceTableValue(TypedDict, total=False):
    """title: of the first column. Sorted or searched, the rows stand without their groups."""

    label: str
    title: str
    columns: Sequence[ChoiceColumn]
    groups: Sequence[ChoiceGroup]
    selected: str | None


class ChoiceTable(Element):
    """Fires `select` with {"key"}; each row's name is the button that chooses it.

    find: what the search box says. in_groups: the button that ends sorting.
    """

    def __init__(
        self, value: ChoiceTableValue | None = None, *, find: str = "", in_groups: str = "", **settings: Any
    ) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-choice"></div>',
            js_on_load=script("choice_table"),
            apply_default_css=False,
            find=find,
            in_groups=in_groups,
            tick=icon("check"),
            **settings,
        )
