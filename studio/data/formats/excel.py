"""Excel workbooks (.xlsx)."""

import zipfile
from pathlib import Path
from typing import Any

from studio.data.archives import check_claims
from studio.data.formats.base import MOST_COLUMNS, Format, RawTable, check_rows, distinct_names, no_rows
from studio.data.formats.header import looks_like_header
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError

SAMPLE_ROWS = 200


def recognises(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def guess(path: Path, given: ReadingOptions) -> ReadingOptions:
    """The first visible sheet that holds something; its first row that holds something may be the header."""
    workbook = _open(path)
    try:
        sheet = given.sheet or next(
            (
                sheet.title
                for sheet in workbook.worksheets
                if sheet.sheet_state == "visible"
                and any(_filled(row) for row in sheet.iter_rows(max_row=50, values_only=True))
            ),
            workbook.sheetnames[0],
        )
        header = given.header
        if header is None:
            rows = [
                row for row in _sheet(workbook, sheet).iter_rows(max_row=SAMPLE_ROWS, values_only=True) if _filled(row)
            ]
            header = looks_like_header([["" if cell is None else str(cell) for cell in row] for row in rows])
        return ReadingOptions(sheet=sheet, header=header)
    finally:
        workbook.close()


def sheet_names(path: Path) -> list[str]:
    """For the dropdown that chooses the sheet."""
    workbook = _open(path)
    try:
        return list(workbook.sheetnames)
    finally:
        workbook.close()


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    with zipfile.ZipFile(path) as archive:
        check_claims(archive, path, limits)
    workbook = _open(path)
    numbers: list[int] = []
    rows: list[list[Any]] = []
    try:
        sheet = _sheet(workbook, reading.sheet or workbook.sheetnames[0])
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = _trimmed(row)
            if not cells:
                continue
            if len(cells) > MOST_COLUMNS:
                distinct_names(cells)  # raises
            numbers.append(number)
            rows.append(cells)
            check_rows(len(rows), limits)
    finally:
        workbook.close()
    names: list[Any] = []
    if reading.header and rows:
        names, start = rows[0], numbers[0]
        rows, numbers = rows[1:], [number - start for number in numbers[1:]]
    if not rows:
        raise no_rows(path)
    width = max(len(names), max(len(row) for row in rows))
    names = [*names, *[None] * (width - len(names))]
    columns = [[row[i] if i < len(row) else None for row in rows] for i in range(width)]
    return RawTable(names, columns, numbers)


def _open(path: Path) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise StudioError(
            f"{path.name} cannot be read as an Excel file.",
            f"{error}",
            "Open it in a spreadsheet program and save it as .xlsx without a password, or as CSV.",
        ) from error


def _sheet(workbook: Any, name: str) -> Any:
    if name not in workbook.sheetnames:
        raise StudioError(
            f"There is no sheet named '{name}'.", f"Sheets: {', '.join(workbook.sheetnames)}.", "Choose one of those."
        )
    return workbook[name]


def _filled(row: tuple[Any, ...]) -> bool:
    return any(cell not in (None, "") for cell in row)


def _trimmed(row: tuple[Any, ...]) -> list[Any]:
    """Without the empty cells at the end, which a sheet may have thousands of."""
    end = len(row)
    while end and row[end - 1] in (None, ""):
        end -= 1
    return list(row[:end])


EXCEL = Format("excel", "Excel", (".xlsx", ".xlsm"), recognises, guess, read)
