"""A file of rows, in any format, as one table of text."""

from pathlib import Path

import pandas

from studio.data.columns import Problem
from studio.data.formats.base import Format, Reading, check_growth, size_of, to_frame
from studio.data.formats.conll import CONLL
from studio.data.formats.delimited import CSV, TSV
from studio.data.formats.encodings import decode, guess_encoding, looks_binary
from studio.data.formats.excel import EXCEL
from studio.data.formats.fasttext import FASTTEXT
from studio.data.formats.json_files import JSON, JSONL
from studio.data.formats.parquet import PARQUET
from studio.data.formats.prose import PROSE
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.token_columns import join_columns
from studio.data.turn_columns import join_turns
from studio.errors import StudioError
from studio.language import _, listing
from studio.registry import Registry

FORMATS: Registry[Format] = Registry("file format", PARQUET, EXCEL, FASTTEXT, CONLL, PROSE, JSONL, JSON, TSV, CSV)
HEAD = 64 * 1024


def find_format(path: Path) -> Format:
    """By the first bytes where they leave no doubt, else by the ending of the name, else by what its text is."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise StudioError(_("{file} cannot be opened.", file=path.name), f"{error}", _("Check the path.")) from error
    if not head.strip():
        raise StudioError(
            _("{file} is empty.", file=path.name), _("The file has no content."), _("Check that it is the right file.")
        )
    for known in FORMATS:
        if known.recognises(path, head):
            return known
    if looks_binary(head) or head.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise StudioError(
            _("{file} is not a table.", file=path.name),
            _(
                "Tables come as {formats}; this file is of another kind.",
                formats=listing((known.title for known in FORMATS), "or"),
            ),
            _("Save the data as CSV or .xlsx and use that file."),
        )
    by_name = next((known for known in FORMATS if path.suffix.lower() in known.extensions), None)
    if by_name is not None and by_name not in (PARQUET, EXCEL):
        return by_name
    start = decode(head, guess_encoding(head)).lstrip()
    if start.startswith("["):
        return JSON
    return JSONL if start.startswith("{") else CSV


def guess_reading(path: Path, given: ReadingOptions | None = None, limits: Limits | None = None) -> ReadingOptions:
    """How to read the file: every field that its format knows is filled, what is `given` stays."""
    return look_at(path, given, limits).options


def look_at(path: Path, given: ReadingOptions | None = None, limits: Limits | None = None) -> Reading:
    """The same, with the guesses and how sure they are."""
    return find_format(path).guess(path, given or ReadingOptions(), limits or Limits())


def read_table(
    path: Path, reading: ReadingOptions | None = None, limits: Limits | None = None
) -> tuple[pandas.DataFrame, list[Problem]]:
    """The rows as text columns, and what is wrong with the rows that are left out.

    The index is named `row`: the row's number in the file, counted from 1 without the header. Blank lines
    count, so the numbers are those that an editor or a spreadsheet shows.
    """
    found, limits = find_format(path), limits or Limits()
    raw = found.read(path, found.guess(path, reading or ReadingOptions(), limits).options, limits)
    check_growth(size_of(raw.columns), path, limits)
    raw = join_turns(join_columns(raw))
    return to_frame(raw), raw.problems
