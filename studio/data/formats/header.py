"""Telling whether the first row of a table is a header or data."""

import re
from collections.abc import Sequence

WORDS = frozenset(
    [
        "text",
        "sentence",
        "review",
        "message",
        "comment",
        "content",
        "body",
        "title",
        "description",
        "question",
        "answer",
        "document",
        "tweet",
        "input",
        "label",
        "labels",
        "class",
        "category",
        "target",
        "sentiment",
        "intent",
        "topic",
        "rating",
        "score",
        "output",
        "id",
        "index",
        "name",
        "image",
        "file",
        "filename",
        "path",
        "source",
        "split",
        "set",
        "date",
        "url",
        "response",
        "instruction",
        "context",
    ]
)
_NAME = re.compile(r"[^\W\d][\w .:/()#%&?-]{0,59}")


def looks_like_header(records: Sequence[Sequence[str]]) -> bool:
    """By what the cells of the first row look like, and whether they come again below."""
    if not records:
        return True
    first = [cell.strip() for cell in records[0]]
    named = [cell for cell in first if cell]
    if not named or len({cell.lower() for cell in named}) < len(named):
        return False
    for position, cell in enumerate(first):
        column = [record[position].strip() for record in records[1:] if len(record) > position]
        if cell and cell in column:
            return False  # a class that comes again
    if any(set(re.split(r"[\W_]+", cell.lower())) & WORDS and len(cell) <= 30 for cell in named):
        return True
    return all(_NAME.fullmatch(cell) and len(cell.split()) <= 4 and cell[-1] not in ".?!" for cell in named)
