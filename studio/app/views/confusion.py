"""Which class was taken for which.

data: {"labels": names, "counts": [true][answered], "marks": the same with a word each}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    return {
        "chart": "matrix",
        "title": title,
        "labels": data["labels"],
        "counts": data["counts"],
        "marks": data["marks"],
        "row_title": "what it is",
        "column_title": "what the model says",
    }


CONFUSION = ViewKind("confusion", figure)
