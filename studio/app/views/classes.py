"""Precision, recall and F1 of each class, and what else a task measures of it; choosing a class shows the mistakes
with it.

data: {"rows": [{"label", "precision", "recall", "f1", "support", perhaps other metrics by their names, and "mark"}],
perhaps "label_title" and "support_title", where the rows are no classes, or count something else than examples}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind
from studio.language import _, number
from studio.metrics import metric_named

AT_A_GLANCE = 12  # classes
NOT_METRICS = ("label", "support", "mark")


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    """A few classes in their own order; of many, those with the lowest scores first."""
    rows = list(data["rows"])
    many = len(rows) > AT_A_GLANCE
    if many:
        rows.sort(key=lambda row: float(row["f1"]))
    measured = dict.fromkeys(name for row in rows for name in row if name not in NOT_METRICS)
    columns = [
        {"key": "label", "title": data.get("label_title", _("Class")), "kind": "text"},
        *[{"key": name, "title": metric_named(name).title, "kind": "number"} for name in measured],
        {"key": "support", "title": data.get("support_title", _("Examples")), "kind": "number"},
    ]
    shown = [
        {key: number(value, ".3f") if isinstance(value, float) else value for key, value in row.items()} for row in rows
    ]
    heading = _("{title}, the hardest first", title=title) if many else title
    return {"chart": "rows", "title": heading, "columns": columns, "rows": shown}


CLASSES = ViewKind("classes", figure)
