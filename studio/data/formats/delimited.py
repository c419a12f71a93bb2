"""CSV, TSV and similar files: rows of fields between separators, with quotation marks around what needs them."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import takewhile
from pathlib import Path

from studio.data.columns import GARBLED, Problem
from studio.data.formats.base import Format, RawTable, Reading, check_rows, no_rows
from studio.data.formats.encodings import UNREADABLE, decode, detect, excerpt, garbled
from studio.data.formats.header import guess_header
from studio.data.formats.titles import MOST_SKIPPED, skipped, taken_for_title, titles_above
from studio.data.guesses import Guess, Topic, confidence
from studio.data.guesses import guess as guess_of
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _, plural, sentences

SEPARATORS = (",", ";", "\t", "|")
SPELLED = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
SAMPLE_CHARACTERS = 200_000
SAMPLE_RECORDS = 300
LONGEST_FIELD = 5_000_000
TITLES = {",": _("Comma ,"), ";": _("Semicolon ;"), "\t": _("Tab"), "|": _("Bar |")}
DELIMITER = Topic("delimiter", _("Separator"), "data.reading.delimiter", lambda sign: TITLES.get(sign, sign))
COMMENTS = ("#", "//", "%%")
FEWEST_ROWS = 5
_ANNOUNCED = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


class Feed:
    """Lines for csv.reader that can be rewound to an earlier one."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.position = 0
        self.ran_out = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.position >= len(self.lines):
            self.ran_out = True
            raise StopIteration
        self.position += 1
        return self.lines[self.position - 1]


def guess(path: Path, given: ReadingOptions, limits: Limits) -> Reading:
    data = path.read_bytes()
    guesses: list[Guess] = []

    def settle(found: Guess) -> Guess:
        guesses.append(found)
        return found

    encoding = given.encoding or settle(detect(data)).value
    text = decode(data[: 4 * SAMPLE_CHARACTERS], encoding)[:SAMPLE_CHARACTERS]
    lines, announced = lines_of(text)
    if len(text) == SAMPLE_CHARACTERS and len(lines) > 1:
        lines = lines[:-1]  # it is cut
    skip = given.skip
    lines_after = lines[count_comments(lines) if skip is None else skip :]
    stated = given.delimiter or announced
    found = None if stated else settle(guess_delimiter(lines_after, path.suffix.lower()))
    delimiter = found.value if found else separator(stated)
    if skip is None:
        above = settle(guess_skip(lines, delimiter)).value
        skip, lines_after = above or None, lines[above:]
    header = given.header
    if header is None:
        header = settle(guess_header(_first_records(lines_after, delimiter))).value
    return Reading(ReadingOptions(delimiter=delimiter, encoding=encoding, header=header, skip=skip), tuple(guesses))


def count_comments(lines: Sequence[str]) -> int:
    return sum(
        1 for _unused in takewhile(lambda line: line.startswith(COMMENTS) or not line.strip(), lines[:MOST_SKIPPED])
    )


def guess_skip(lines: Sequence[str], delimiter: str) -> Guess:
    """How many lines stand above the table: comments, or a title, of which a line has fewer fields than the rows."""
    width = _usual_width(lines, delimiter) if lines else 1
    comments = count_comments(lines)
    above = comments + len(
        list(takewhile(lambda line: _count_fields(line, delimiter) < width, lines[comments:MOST_SKIPPED]))
    )
    if comments and sum(map(bool, map(str.strip, lines[:comments]))) == 1 and width > 1:
        named = next(line for line in lines if line.strip())
        above = above if _count_fields(named, delimiter) != width else 0  # a header such as #id,text
    rows = [_fields(line, delimiter) for line in lines[above : above + MOST_SKIPPED + 1]] if width > 1 else []
    titles = titles_above(rows, width)
    told = [line.strip(f" {delimiter}\t\r\n") for line in lines[: above + titles]]
    first = next(filter(None, told), "")
    if not (first or titles) or above + titles >= min(len(lines), MOST_SKIPPED):
        return taken_for_title(0, "", 1.0)
    more = any(line.startswith(COMMENTS) for line in lines[above:])
    sure = 1.0 if not first else 0.9 if comments == above + titles and not more else 0.6
    return taken_for_title(above + titles, first, sure)


def _count_fields(line: str, delimiter: str) -> int:
    return len(_fields(line, delimiter))


def _fields(line: str, delimiter: str) -> list[str]:
    records = parse([line], delimiter, None)[1]
    return records[0] if records else []


def lines_of(text: str) -> tuple[list[str], str]:
    """The lines, broken at line ends alone (a form feed or U+2028 is part of a text), and the separator that a
    first line such as `sep=;` announces to spreadsheet programs: that line is left out."""
    lines = StringIO(text, newline="\n").readlines()
    announced = _ANNOUNCED.fullmatch(lines[0].rstrip("\n")) if lines else None
    return (lines[1:], announced[1]) if announced else (lines, "")


def separator(given: str) -> str:
    """One character, also where its name or its escape was typed."""
    delimiter = SPELLED.get(given.strip().lower(), given)
    if len(delimiter) != 1 or delimiter in '"\n\r':
        raise StudioError(
            _("'{given}' cannot separate columns.", given=given),
            _("A separator is one character that is neither a quotation mark nor a line end."),
            _("Use a comma, a semicolon, a tab or a bar."),
        )
    return delimiter


def guess_delimiter(lines: Sequence[str], extension: str) -> Guess:
    """The separator that gives the most rows as many fields as most rows have, and cuts the fewest quotations.

    Text without any columns is read as one column, by a separator that does not occur in it. A file
    that is called .csv or .tsv is believed to have columns even if many of its rows are ragged.
    """
    scores: dict[str, tuple[float, int]] = {}
    fitting: dict[str, float] = {}  # the share of rows
    for candidate in SEPARATORS:
        records = _first_records(lines, candidate)
        widths = [len(record) for record in records]
        if not widths:
            continue
        usual, count = Counter(widths).most_common(1)[0]
        titled = widths[0] == 1 and count >= FEWEST_ROWS  # a title may stand above the table
        wanted = usual if titled and count >= 0.8 * len(widths) else widths[0]
        if wanted > 1:
            fitting[candidate] = widths.count(wanted) / len(widths)
            whole = sum(len(record) == wanted and not _is_cut(record) for record in records)
            scores[candidate] = (whole / len(widths), wanted)
    ranked = sorted(scores, key=lambda candidate: scores[candidate], reverse=True)
    if extension in (".tsv", ".tab") and "\t" in scores:
        return guess_of(DELIMITER, ["\t", *(other for other in ranked if other != "\t")], 1.0, "")
    needed = 0.1 if extension in (".csv", ".tsv", ".tab") else 0.8
    if ranked and fitting[ranked[0]] >= needed:
        best, second = (scores[each][0] for each in (*ranked, "")[:2]) if len(ranked) > 1 else (scores[ranked[0]][0], 0)
        first, *others = [
            plural("{sign} ({n} column)", "{sign} ({n} columns)", scores[each][1], sign=TITLES[each])
            for each in ranked[:2]
        ]
        told = sentences(
            _("What separates the columns seems to be: {separator}.", separator=first),
            *(_("{separator} would fit, too.", separator=other) for other in others),
        )
        return guess_of(DELIMITER, ranked, min(confidence(best, second), 0.4 + best), told)
    text = "".join(lines)
    return guess_of(DELIMITER, [min(("\t", "|", ";", ","), key=text.count)], 1.0, "")


def _is_cut(record: Sequence[str]) -> bool:
    """Whether a quotation begins in one field and ends in another: no separator stands before its first mark."""
    return any(field.count('"') % 2 for field in record)


def _first_records(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    _unused_2, records, _unused_3 = parse(lines[: 4 * SAMPLE_RECORDS], delimiter, None)
    return records[:SAMPLE_RECORDS]


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """Every line that has as many fields as the first; the others become problems."""
    delimiter = separator(reading.delimiter or ",")
    text = decode(path.read_bytes(), reading.encoding or "utf-8")
    lines = lines_of(text)[0][reading.skip or 0 :]
    first = next(iter(parse(lines[:1000], delimiter, None)[1]), None)
    if first is None:
        raise no_rows(path)
    width = len(first) if reading.header else _usual_width(lines, delimiter)
    numbers, rows, problems = parse(lines, delimiter, width)
    if problems and delimiter == "\t":
        plain = parse(lines, delimiter, width, quotes=False)  # many TSV files mean their quotation marks literally
        if len(plain[2]) < len(problems):
            numbers, rows, problems = plain
    names: Sequence[object] = [""] * width
    if reading.header:
        start = numbers[0]
        names, rows, numbers = rows[0], rows[1:], [number - start for number in numbers[1:]]
        problems = [Problem(problem.row - start, problem.what, problem.why) for problem in problems]
    if reading.skip:
        problems.append(skipped(reading.skip))
    if not rows:
        raise none_fits(path, problems) if problems else no_rows(path)
    check_rows(len(rows) + len(problems), limits)
    columns = list(zip(*rows, strict=True))
    kept = [i for i, column in enumerate(columns) if str(names[i]).strip() or any(column)]
    problems += unreadable(rows, numbers) if UNREADABLE in text else []
    problems += misread(rows, numbers) if garbled(text) else []
    return RawTable([names[i] for i in kept], [columns[i] for i in kept], numbers, problems)


def none_fits(path: Path, problems: Sequence[Problem]) -> StudioError:
    first = problems[0]
    return StudioError(
        _("No row of {file} can be read.", file=path.name),
        _("The first reason: row {row}: {reason}", row=first.row, reason=first.what),
        _("Check that the separator is the right one."),
    )


def parse(
    lines: Sequence[str], delimiter: str, width: int | None, quotes: bool = True
) -> tuple[list[int], list[list[str]], list[Problem]]:
    """Row numbers (1 = first line), rows, and what is wrong with the rows left out.

    A row that spans lines and has the wrong number of fields had a quotation mark that is not closed: its
    first line is reported, and reading goes on at the second. How often that may happen is bounded, so that
    no file makes reading take longer than a few times its size.
    """
    csv.field_size_limit(LONGEST_FIELD)
    feed = Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE)
    budget = 20 * len(lines) + 1000
    numbers: list[int] = []
    rows: list[list[str]] = []
    problems: list[Problem] = []
    number = 0
    while feed.position < len(lines):
        start, feed.ran_out, fields = feed.position, False, None
        try:
            fields = next(reader)
        except csv.Error:
            pass  # a field beyond any reason, which an open quotation mark makes: reported below
        except StopIteration:
            break
        number += 1
        if fields is not None and len(fields) < (width or 1) and not any(field.strip() for field in fields):
            continue  # a blank line counts as a row of the file, but says nothing
        fitting = None if fields is None or feed.ran_out else fit(fields, width)
        if fitting is not None:
            numbers.append(number)
            rows.append(fitting)
            continue
        span = feed.position - start
        if fields is None or feed.ran_out or span > 1:
            problems.append(
                Problem(number, _("This line opens a quotation mark that is never closed."), lines[start][:80])
            )
            if 1 < span <= budget:
                budget -= span
                feed.position = start + 1
        else:
            told = plural(
                "This line has {n} field instead of {width}.",
                "This line has {n} fields instead of {width}.",
                len(fields),
                width=width,
            )
            problems.append(Problem(number, told, lines[start][:80]))
    return numbers, rows, problems


def fit(fields: list[str], width: int | None) -> list[str] | None:
    """The fields if they are as many as they should be; empty ones too many at the end do no harm."""
    if width is None or len(fields) == width:
        return fields
    if len(fields) > width and not any(field.strip() for field in fields[width:]):
        return fields[:width]
    return None


def unreadable(rows: Sequence[Sequence[object]], numbers: Sequence[int]) -> list[Problem]:
    why = _("They show as \ufffd: they were lost when the file was saved, or are stored in another way than the rest.")
    return [
        Problem(number, _("Some letters cannot be read."), why, drops=False)
        for number, row in zip(numbers, rows, strict=True)
        if any(isinstance(value, str) and UNREADABLE in value for value in row)
    ]


def misread(rows: Sequence[Sequence[object]], numbers: Sequence[int]) -> list[Problem]:
    """What a text looks like that was once read in a wrong encoding and saved so."""
    found = [
        (number, value)
        for number, row in zip(numbers, rows, strict=True)
        for value in row
        if isinstance(value, str) and garbled(value)
    ]
    if not found:
        return []
    row, value = found[0]
    count = len({number for number, _unused_4 in found})
    what = plural("{n:,} row has letters that look garbled.", "{n:,} rows have letters that look garbled.", count)
    why = _(
        "Such as in row {row}: '{excerpt}'. Choose another encoding, or save the file again from its source.",
        row=row,
        excerpt=excerpt(value),
    )
    return [Problem(0, what, why, drops=False, kind=GARBLED)]


def _usual_width(lines: Sequence[str], delimiter: str) -> int:
    return Counter(len(record) for record in _first_records(lines, delimiter)).most_common(1)[0][0]


CSV = Format("csv", "CSV", (".csv", ".txt"), lambda path, head: False, guess, read)
TSV = Format("tsv", "TSV", (".tsv", ".tab"), lambda path, head: False, guess, read)
