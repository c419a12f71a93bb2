"""Confusion matrix: true classes against predicted ones.

data: {"labels": names, "counts": [true][answered], "marks": the same with a word each}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind
from studio.language import _


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    return {
        "chart": "matrix",
        "title": title,
        "labels": data["labels"],
        "counts": data["counts"],
        "marks": data["marks"],
        "row_title": _("Correct"),
        "column_title": _("Predicted"),
    }


CONFUSION = ViewKind("confusion", figure)
