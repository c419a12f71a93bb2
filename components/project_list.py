"""A list of things that a person names: one press opens one, and each can be renamed, copied and deleted."""

from collections.abc import Sequence
from typing import Any, TypedDict

from components.element import Element
from components.icons import icon
from components.scripts import script


class Listed(TypedDict, total=False):
    """note: what it is about. used: when it was last used, in seconds since 1970. trouble: why it cannot be opened."""

    key: str
    title: str
    note: str
    used: float
    trouble: str


class ProjectListValue(TypedDict):
    """opened: the key of the one that is open."""

    opened: str
    projects: Sequence[Listed]


class ProjectList(Element):
    """Fires `select` with {"key", "to"}: "open", "copy" or "delete", or "rename" with the new "name"."""

    def __init__(self, value: ProjectListValue | None = None, **settings: Any) -> None:
        super().__init__(
            value=value,
            html_template='<div class="ui-projects"></div>',
            js_on_load=script("project_list"),
            apply_default_css=False,
            edit=icon("edit"),
            copy=icon("copy"),
            bin=icon("bin"),
            **settings,
        )
