"""One row of a table to fill in: a field for each of its columns, whatever these are."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from components.element import Element
from components.scripts import script


class RecordField(TypedDict, total=False):
    """kind: "choice" for one of `choices`. note: under the name, such as in which range the numbers lie."""

    name: str
    kind: Literal["text", "number", "choice"]
    choices: Sequence[str]
    note: str


class RecordFormValue(TypedDict, total=False):
    """fields: one for each column. values: what stands in them; without any, what was typed stays."""

    fields: Sequence[RecordField]
    values: Mapping[str, str]


class RecordForm(Element):
    """Its value holds what stands in the fields. Fires `submit` at Enter in one. title: of the group of fields."""

    def __init__(self, value: RecordFormValue | None = None, *, title: str, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-record"></div>',
            js_on_load=script("record_form"),
            apply_default_css=False,
            record_title=title,
            **settings,
        )
