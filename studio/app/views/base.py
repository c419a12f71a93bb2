"""How one kind of `studio.tasks.base.View` is drawn, and which examples a click on it selects.

Every test row carries marks, words for what happened with it. An item of a view carries one of these words, too:
choosing it shows the rows that have it. So a view needs no code of its own for that, and a page no slot for a view:
one component draws as many as there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.charts.figures import Figure


@dataclass(frozen=True)
class ViewKind:
    """name: what `View.kind` says. figure: (title, data of the view) -> what `components.charts.figures` draws."""

    name: str
    figure: Callable[[str, Mapping[str, Any]], Figure]
