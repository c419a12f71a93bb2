"""A curve in which both axes are shares, such as an ROC curve.

data: {"points": [{"x", "y"}], "x_title", "y_title", perhaps "places": [{"x", "y", "title"}], which are pointed out, and
"level": what chance alone gives at every x; without it chance gives y = x; "reference": what that line says instead}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    return {
        "chart": "line",
        "title": title,
        "points": data["points"],
        "places": data.get("places", ()),
        "level": data.get("level"),
        "reference": data.get("reference", ""),
        "x_title": data["x_title"],
        "y_title": data["y_title"],
    }


LINE = ViewKind("line", figure)
