"""Precision, recall and F1 of each class; choosing a class shows the mistakes with it.

data: {"rows": [{"label", "precision", "recall", "f1", "support", perhaps "mark"}]}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind

AT_A_GLANCE = 12  # classes
COLUMNS = (
    {"key": "label", "title": "Class", "kind": "text"},
    {"key": "precision", "title": "Precision", "kind": "number"},
    {"key": "recall", "title": "Recall", "kind": "number"},
    {"key": "f1", "title": "F1", "kind": "number"},
    {"key": "support", "title": "Examples", "kind": "number"},
)


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    """Classes in their own order while they can be seen at a glance; of many, those that need a look come first."""
    rows = list(data["rows"])
    many = len(rows) > AT_A_GLANCE
    if many:
        rows.sort(key=lambda row: float(row["f1"]))
    told = [{key: f"{value:.3f}" if isinstance(value, float) else value for key, value in row.items()} for row in rows]
    return {
        "chart": "rows",
        "title": f"{title}{', the hardest first' if many else ''}",
        "columns": COLUMNS,
        "rows": told,
    }


CLASSES = ViewKind("classes", figure)
