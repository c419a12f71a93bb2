"""Spans: pieces of a text with a label each, such as names of people and places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import pandas

from studio.data.columns import Column, Problem
from studio.data.fields.base import Field
from studio.data.fields.objects import fit_of_lists, label_in, labels_of, rarest_label, read_list, with_labels
from studio.data.fields.span_forms import in_one_form
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

SHAPE = '{"start": 0, "end": 4, "label": "person"}'


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (not included) of the text, counted from 0."""

    start: int
    end: int
    label: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Spans(Field):
    name = "spans"
    examples = (
        '[{"start": 4, "end": 9, "label": "product"}]',
        '[{"start": 4, "end": 10, "label": "part"}]',
        '[{"start": 4, "end": 9, "label": "price"}]',
    )
    is_plain = False
    missing = _("Nothing says which pieces are marked; where there are none, write [].")
    bring = {
        "text": _("Add a column with the marked pieces of each text, or bring a CoNLL file."),
        "image": _("This task learns from texts: bring a table with them, or a CoNLL file."),
    }
    example = "[]"

    def stored(self, cells: pandas.Series) -> pandas.Series:
        """One form of the many in which people write spans; what cannot be read stays, for `problems` to name."""
        return cells.map(in_one_form, na_action="ignore").astype("str")

    def parse(self, cell: str, files: Path | None) -> list[Span]:
        return read_spans(cell)

    def problems(self, cells: pandas.Series, column: Column, files: Path | None) -> Iterator[Problem]:
        for row, cell in cells.items():
            try:
                read_spans(str(cell))
            except StudioError as error:
                yield Problem(int(str(row)), error.explanation.what, error.explanation.why, column=column.name)

    def require_lesson(self, cells: pandas.Series) -> None:
        if not any(map(labels_of, cells)):
            raise StudioError(
                _("Nothing is marked in any text."),
                _("The model would learn to mark nothing."),
                _("Choose the column that holds the marked pieces, or mark some."),
            )

    def fit(self, profile: ColumnProfile, stored: str) -> float:
        """Lists of spans, in any form; lists that are all empty may be meant so."""
        return fit_of_lists(profile, lambda cell: read_spans(in_one_form(cell)))

    def classes(self, cell: str) -> tuple[str, ...]:
        return labels_of(cell)

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        return with_labels(cell, names)

    def strata(self, cells: pandas.Series) -> pandas.Series | None:
        return rarest_label(cells)


def spans_outside(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans that lie behind the end of their text, or mark nothing but blanks."""
    return [span for span in spans if span.end > len(text) or not text[span.start : span.end].strip()]


def read_spans(cell: str) -> list[Span]:
    """The spans of a cell in order of their place. Raises StudioError for what is none, and where two overlap."""
    spans = []
    for value in read_list(cell, SHAPE):
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int or not 0 <= start < end:  # True is an int, too
            what = _("'{start}' to '{end}' is no piece of a text.", start=str(start)[:20], end=str(end)[:20])
            raise StudioError(what, _("Each looks like {shape}.", shape=SHAPE), _("Correct it."))
        spans.append(Span(start, end, label_in(value, SHAPE)))
    spans.sort(key=lambda span: (span.start, span.end))
    for one, other in pairwise(spans):
        if other.start < one.end:
            what = _(
                "The pieces {one} and {other} overlap.",
                one=f"{one.start}-{one.end}",
                other=f"{other.start}-{other.end}",
            )
            raise StudioError(what, _("A character can belong to one marked piece only."), _("Keep one of the two."))
    return spans
