"""A table of anything.

data: {"columns": [{"key", "title", perhaps "kind": "number"}], "rows": [{key: value}], perhaps "mark": the key under
which a row holds its mark}.
"""

from collections.abc import Mapping
from typing import Any

from components.charts.figures import Figure
from studio.app.views.base import ViewKind
from studio.language import number


def figure(title: str, data: Mapping[str, Any]) -> Figure:
    key = data.get("mark") or "mark"
    rows = [{**{name: rounded(value) for name, value in row.items()}, "mark": row.get(key)} for row in data["rows"]]
    return {"chart": "rows", "title": title, "columns": data["columns"], "rows": rows}


def rounded(value: Any) -> Any:
    return number(value, ".3g") if isinstance(value, float) else value


TABLE = ViewKind("table", figure)
