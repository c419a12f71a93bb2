"""Numbers as bars: in any order, or upright in their own (a histogram).

data: {"bars": [{"title", "value", perhaps "mark" and "text", which is then shown for the value}]}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind


def lying(title: str, data: Mapping[str, Any]) -> Figure:
    return {"chart": "bars", "title": title, "bars": data["bars"]}


def upright(title: str, data: Mapping[str, Any]) -> Figure:
    return {"chart": "bars", "title": title, "bars": data["bars"], "upright": True}


BARS = ViewKind("bars", lying)
HISTOGRAM = ViewKind("histogram", upright)
