"""Excel workbooks (.xlsx)."""

import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from studio.data.archives import DAMAGES, check_claims
from studio.data.formats.base import (
    MOST_COLUMNS,
    Format,
    RawTable,
    Reading,
    check_cells,
    check_rows,
    distinct_names,
    no_rows,
)
from studio.data.formats.header import guess_header
from studio.data.formats.titles import skipped, taken_for_title, titles_above
from studio.data.guesses import Guess, Topic, confidence
from studio.data.guesses import guess as guess_of
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _, listing, plural

SAMPLE_ROWS = 200
MOST_SHEETS = 50
TOPIC = Topic("sheet", _("Sheet"), "data.reading.sheet")
MOST_ROWS = 1_048_576  # in Excel itself; a row that claims a higher number would be waited for without end
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
LARGEST_LIST = 4 * 1024 * 1024  # bytes


def recognises(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.replace("\\", "/").lower() == "xl/workbook.xml" for name in archive.namelist())
    except (*DAMAGES, OSError):
        return False


def guess(path: Path, given: ReadingOptions, limits: Limits) -> Reading:
    """Of the visible sheets the one that holds most; below a title, its first row with something may be the header."""
    guesses: list[Guess] = []
    with _opened(path, limits) as workbook:
        if not given.sheet:
            guesses.append(guess_sheet(workbook))
        sheet = given.sheet or guesses[0].value
        rows = [_words(row) for row in _sheet(workbook, sheet).iter_rows(max_row=SAMPLE_ROWS, values_only=True)]
        skip = given.skip
        if skip is None:
            guesses.append(guess_skip(rows))
            skip = guesses[-1].value or None
        header = given.header
        if header is None:
            guesses.append(guess_header([row for row in rows[skip or 0 :] if row]))
            header = guesses[-1].value
        return Reading(ReadingOptions(sheet=sheet, header=header, skip=skip), tuple(guesses))


def guess_skip(rows: Sequence[Sequence[str]]) -> Guess:
    """Rows with a title above the table; the sheet's first row may be blank."""
    widths = Counter(len(row) for row in rows if row)
    width = widths.most_common(1)[0][0] if widths else 0
    count = titles_above(rows, width) if width > 1 else 0
    first = next((" ".join(row).strip() for row in rows[:count] if row), "")
    return taken_for_title(count if first else 0, first, 0.6)


def _words(row: tuple[Any, ...]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in _trimmed(row)]


def guess_sheet(workbook: Any) -> Guess:
    """By the filled cells of their first rows; which one is meant is doubtful where another is nearly as full."""
    sizes = {
        sheet.title: sum(
            sum(cell not in (None, "") for cell in row)
            for row in sheet.iter_rows(max_row=SAMPLE_ROWS, values_only=True)
            if len(row) <= MOST_COLUMNS
        )
        for sheet in workbook.worksheets[:MOST_SHEETS]
        if sheet.sheet_state == "visible"
    }
    ranked = sorted((name for name in sizes if sizes[name]), key=lambda name: -sizes[name])
    if not ranked:
        return guess_of(TOPIC, [workbook.sheetnames[0]], 1.0, "")
    second = sizes[ranked[1]] if len(ranked) > 1 else 0
    sentence = plural(
        "The sheet '{sheet}' is read: it is the only one that holds something.",
        "The sheet '{sheet}' is read: of {n} sheets that hold something, it holds most.",
        len(ranked),
        sheet=ranked[0],
    )
    return guess_of(TOPIC, ranked, confidence(sizes[ranked[0]], second), sentence)


def sheet_names(path: Path) -> list[str]:
    """For the dropdown that chooses the sheet: from the list at the front, without opening the sheets."""
    with _explained(path), zipfile.ZipFile(path) as archive:
        with archive.open("xl/workbook.xml") as file:
            content = file.read(LARGEST_LIST + 1)
        if len(content) > LARGEST_LIST:
            raise ValueError("its list of sheets is too long")
        found = [element.get("name") for element in ElementTree.fromstring(content).iter(SHEET)]
    return [name for name in found if name]


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    numbers: list[int] = []
    rows: list[list[Any]] = []
    with _opened(path, limits) as workbook:
        sheet = _sheet(workbook, reading.sheet or workbook.sheetnames[0])
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MOST_ROWS:
                raise ValueError(f"a sheet has at most {MOST_ROWS:,} rows")
            cells = _trimmed(row) if number > (reading.skip or 0) else []
            if not cells:
                continue
            if len(cells) > MOST_COLUMNS:
                distinct_names(cells)  # raises
            numbers.append(number)
            rows.append(cells)
            check_rows(len(rows), limits)
    names: list[Any] = []
    if reading.header and rows:
        names, start = rows[0], numbers[0]
        rows, numbers = rows[1:], [number - start for number in numbers[1:]]
    if not rows:
        raise no_rows(path)
    width = max(len(names), max(len(row) for row in rows))
    check_cells(len(rows), width)
    names = [*names, *[None] * (width - len(names))]
    columns = [[row[i] if i < len(row) else None for row in rows] for i in range(width)]
    return RawTable(names, columns, numbers, [skipped(reading.skip)] if reading.skip else [])


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[Any]:
    """The workbook, once its stated sizes are known to be within the limits (openpyxl reads no more than those)."""
    import openpyxl

    with _explained(path):
        with zipfile.ZipFile(path) as archive:
            check_claims(archive, path, limits)
        with path.open("rb") as file:  # by its content: openpyxl refuses a path with another ending
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                for sheet in workbook.worksheets:
                    sheet.reset_dimensions()  # a sheet can claim any size; what counts is what is in it
                yield workbook
            finally:
                workbook.close()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What openpyxl raises for a damaged workbook, also in the middle of reading, in plain words."""
    try:
        yield
    except (*DAMAGES, LookupError, TypeError, AttributeError, OSError, SyntaxError) as error:
        raise StudioError(
            _("{file} cannot be read as an Excel file.", file=path.name),
            f"{error}",
            _("Open it in a spreadsheet program and save it as .xlsx without a password, or as CSV."),
        ) from error


def _sheet(workbook: Any, name: str) -> Any:
    if name not in workbook.sheetnames:
        raise StudioError(
            _("There is no sheet named '{sheet}'.", sheet=name),
            _("Sheets: {sheets}.", sheets=listing(workbook.sheetnames)),
            _("Choose one of those."),
        )
    return workbook[name]


def _trimmed(row: tuple[Any, ...]) -> list[Any]:
    """Without the empty cells at the end, which a sheet may have thousands of."""
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return list(row[:end])


EXCEL = Format("excel", "Excel", (".xlsx", ".xlsm"), recognises, guess, read)
