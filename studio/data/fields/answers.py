"""Answers to a question, each a piece of a passage: its words, and where they stand if that is known."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.fields.objects import first_of, read_loosely
from studio.data.formats.base import encodable
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

SHAPE = '[{"text": "in 1912", "start": 40}]'
STARTS = ("start", "answer_start", "start_char", "offset")
TEXTS = ("text", "answer", "answer_text", "value")
LISTED, WRITTEN = 16.0, 3.0  # how much lists of answers look like this field, and plain words


@dataclass(frozen=True)
class Quote:
    """start: of its first character in the passage, counted from 0; None where only the words are known."""

    text: str
    start: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"text": self.text} | ({} if self.start is None else {"start": self.start})

    def place(self, passage: str) -> tuple[int, int] | None:
        """Where it stands: at its start, or else wherever these words first come; None where they do not."""
        start = self.start if self.start is not None else -1
        if start < 0 or passage[start : start + len(self.text)] != self.text:
            start = passage.find(self.text)
        if start < 0:
            start = passage.casefold().find(self.text.casefold())
        return (start, start + len(self.text)) if start >= 0 else None


class Answers(Field):
    name = "answers"
    missing = _("Nothing says what the answer is; where there is none, write [].")
    bring = {"text": _("Add a column with the answer, in the very words of the passage, or bring a SQuAD file (JSON).")}
    example = "[]"

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """One form of the many: words alone, SQuAD's lists, and lists beside each other as the Hub has them."""
        return cells.map(in_one_form, na_action="ignore").astype("str")

    def parse(self, cell: str, files: Path | None) -> list[Quote]:
        return read_answers(cell)

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        for row, cell in cells.items():
            try:
                read_answers(str(cell))
            except StudioError as error:
                yield Problem(int(str(row)), error.explanation.what, error.explanation.why, column=column.name)

    def require_lesson(self, cells: pandas.Series) -> None:
        if not any(cell != "[]" for cell in cells):
            raise StudioError(
                _("No question has an answer."),
                _("The model would learn that there never is one."),
                _("Choose the column that holds the answers, or add some."),
            )

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        if stored:
            return 0.0
        if profile.lists > 0.9:
            found = [_quotes(read_loosely(cell)) for cell in profile.samples]
            return LISTED if any(found) and found.count(None) * 2 <= len(found) else 0.0
        return WRITTEN if profile.filled else 0.0

    def similarity(self, one: str, other: str) -> float:
        return float(one == other)


def read_answers(cell: str) -> list[Quote]:
    """The answers of a stored cell. Raises StudioError for what is none."""
    found = _quotes(read_loosely(cell))
    if found is None:
        raise StudioError(
            _("'{cell}' cannot be read.", cell=cell[:60]),
            _("A list such as {shape} is expected, or the words of the answer.", shape=SHAPE),
            _("Correct it."),
        )
    return found


def in_one_form(cell: str) -> str:
    """A cell as `read_answers` takes it. What looks like a list and is none of answers stays, to be named."""
    value = read_loosely(cell) if cell.lstrip().startswith(("[", "{")) else None
    quotes = [Quote(cell.strip())] if value is None and not cell.lstrip().startswith("[{") else _quotes(value)
    if quotes is None:
        return cell
    return encodable(json.dumps([quote.as_dict() for quote in dict.fromkeys(quotes)], ensure_ascii=False))


def _quotes(value: Any) -> list[Quote] | None:
    if isinstance(value, Mapping):
        texts, starts = first_of(value, TEXTS), first_of(value, STARTS)
        if not isinstance(texts, list):
            value = [value]
        else:
            starts = starts if isinstance(starts, list) and len(starts) == len(texts) else [None] * len(texts)
            value = [{"text": text, "start": start} for text, start in zip(texts, starts, strict=True)]
    if not isinstance(value, list):
        return None
    found = [_quote(each) for each in value]
    return [quote for quote in found if quote] if None not in found else None


def _quote(value: Any) -> Quote | None:
    text = first_of(value, TEXTS) if isinstance(value, Mapping) else value
    start = first_of(value, STARTS) if isinstance(value, Mapping) else None
    if not isinstance(text, str | int | float) or isinstance(text, bool) or not str(text).strip():
        return None
    return Quote(encodable(str(text)), start if type(start) is int and start >= 0 else None)
