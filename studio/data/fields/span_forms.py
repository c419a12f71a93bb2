"""The many formats in which people write spans, converted to one.

    [{"start": 0, "end": 4, "label": "person"}]     the studio's own
    [[0, 4, "person"]]                               doccano, spaCy
    [{"start_offset": 0, "end_offset": 4, "label": "person"}]     doccano with relations
    {"entities": [...]}                              spaCy, around either
Prodigy, Label Studio and the pipelines of transformers differ in names alone. Lists may be as Python writes them.
"""

import json
from typing import Any

from studio.data.fields.objects import first_of, label_of, read_loosely
from studio.data.formats.base import encodable
from studio.data.numbers import read_number

STARTS = ("start", "start_offset", "start_char", "begin", "from")
ENDS = ("end", "end_offset", "end_char", "stop", "to")
WRAPPERS = ("entities", "spans", "labels", "label", "annotations")


def in_one_form(cell: str) -> str:
    """A cell as `read_spans` takes it. What is no list of spans stays as it is; a span that comes twice counts once."""
    value = read_loosely(cell)
    if isinstance(value, dict):
        value = first_of(value, WRAPPERS)
    if not isinstance(value, list | tuple):
        return cell
    spans = [_span(each) for each in value]
    if any(span is None for span in spans):
        return cell
    once = {tuple(span.values()): span for span in spans if span}
    return encodable(json.dumps(list(once.values()), ensure_ascii=False))


def _span(value: Any) -> dict[str, Any] | None:
    """One span in whichever form, not yet checked; None for what is no span."""
    if isinstance(value, list | tuple) and len(value) == 3:
        start, end, label = value
    elif isinstance(value, dict):
        start, end, label = first_of(value, STARTS), first_of(value, ENDS), label_of(value)
    else:
        return None
    start, end = _whole(start), _whole(end)
    if start is None or end is None or not isinstance(label, str | int):
        return None
    return {"start": start, "end": end, "label": label}


def _whole(value: Any) -> int | None:
    """A whole number, also where a tool wrote 5.0 or "5"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    number = read_number(value)
    return int(number) if number is not None and number.is_integer() else None
