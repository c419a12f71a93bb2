"""A text: what a person would read."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.profile import ColumnProfile
from studio.data.writing import foreign_scripts
from studio.language import _, plural

LONG_TEXT = 2000  # characters; about 400 tokens of English


class Text(Field):
    name = "text"
    examples = ("The phone came fast and works well.", "The screen broke after two days.", "The price is fair.")
    missing = _("The text is empty.")
    bring = {
        "text": _("Bring a table with a column of texts."),
        "image": _("This task learns from texts: bring a table (CSV, Excel, JSON or Parquet) with a column of them."),
        "audio": _("Put a table into the ZIP that names each recording and its text."),
    }
    example = '"a text"'

    def counted(self, n: int) -> str:
        return plural("{n:,} text", "{n:,} texts", n)

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        """Very long texts, of which many models read only the beginning; and a few in another script than the rest."""
        sizes = cells.str.len()
        for row, size in sizes[sizes > LONG_TEXT].items():
            why = _("It has {count:,} characters; many models read only the beginning.", count=size)
            yield Problem(int(str(row)), _("Very long text"), why, drops=False, column=column.name)
        for script, texts in foreign_scripts(cells).items():
            what = _("Written in another script ({script})", script=script.title())
            why = plural(
                "The only such text among {all:,}; the model learns little from so few. Does it belong here?",
                "One of {n:,} such texts among {all:,}; the model learns little from so few. Does it belong here?",
                len(texts),
                all=len(cells),
            )
            for row in texts.index:
                yield Problem(int(str(row)), what, why, drops=False, column=column.name)

    def compared(self, cells: pandas.Series, contents: Mapping[str, str]) -> pandas.Series | None:
        return cells

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Long and varied. Numbers are no text, and neither are lists."""
        if profile.numeric > 0.9 or profile.lists > 0.9 or stored:
            return 0.0
        varied = profile.distinct / profile.filled
        return varied * (1.0 + min(profile.length, 200.0) / 10 * (0.1 + 0.9 * profile.language))

    def similarity(self, one: str, other: str) -> float:
        return SequenceMatcher(None, one, other).ratio()
