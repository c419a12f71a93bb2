"""True values against answers, with the line on which both are the same.

data: {"points": [{"x": true, "y": answered, "mark", perhaps "count"}], "x_title", "y_title"}. A point is a row, or a
group of rows that lie close together, with its `count`.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind
from studio.language import _


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    return {
        "chart": "points",
        "title": title,
        "points": data["points"],
        "x_title": data.get("x_title") or _("Correct"),
        "y_title": data.get("y_title") or _("Predicted"),
        "diagonal": True,
    }


SCATTER = ViewKind("scatter", figure)
