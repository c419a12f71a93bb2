"""CoNLL files: a token a line with its tags in columns, a blank line after each sentence.

https://aclanthology.org/W03-0419 and its many descendants (.conll, .iob, .bio, .txt). The tag is in the last column
that holds tags such as B-PER; the token in the first, or the second where the first counts. Tokens are joined by
blanks to a text, their tags become spans; a row is a sentence.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from studio.data.columns import Problem
from studio.data.formats.base import Format, RawTable, check_rows, no_rows
from studio.data.formats.encodings import decode, guess_encoding, guess_encoding_alone
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.tagging import are_bare, join_tokens, looks_like_tag
from studio.language import plural

DOCUMENT = "-DOCSTART-"
HEADERS = frozenset({"tag", "tags", "ner", "ner_tag", "ner_tags", "label", "labels", "iob"})
FEWEST_LINES = 3
NEARLY_ALL = 0.9
BLANKS = " \t\r\n"
_BLANKS = re.compile(r"[ \t]+")
Line = tuple[int, list[str]]  # its number in the file, its columns


def recognises(path: Path, head: bytes) -> bool:
    """Lines of equally many columns, one of which holds nothing but tags, and some B- or I- among them."""
    lines = decode(head, guess_encoding(head)).split("\n")[:-1]
    tabs = has_tabs(lines)
    width = usual_width([columns_of(line, tabs) for line in lines])
    rows = [row for sentence in sentences_of(lines, tabs, width) for _unused, row in sentence]
    fitting = [row for row in rows if len(row) == width]
    if width < 2 or len(fitting) < max(FEWEST_LINES, NEARLY_ALL * len(rows)):
        return False
    return tag_column(fitting) is not None


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """Columns `text` and `spans`; a sentence with a broken line becomes a problem."""
    lines = decode(path.read_bytes(), reading.encoding or "utf-8").split("\n")
    tabs = has_tabs(lines)
    width = usual_width([columns_of(line, tabs) for line in lines])
    sentences = list(sentences_of(lines, tabs, width))
    check_rows(len(sentences), limits)
    rows = [row for sentence in sentences for _unused_2, row in sentence if len(row) == width]
    if width < 2 or not rows:
        raise no_rows(path)
    tag = tag_column(rows)
    tag = width - 1 if tag is None else tag
    word = token_column(rows, tag)
    bare = are_bare(row[tag] for row in rows)
    texts: list[str] = []
    spans: list[list[dict[str, object]]] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, sentence in enumerate(sentences, start=1):
        broken = next((line for line in sentence if len(line[1]) != width), None)
        if broken:
            what = plural(
                "Line {line} has {n} column instead of {width}.",
                "Line {line} has {n} columns instead of {width}.",
                len(broken[1]),
                line=broken[0],
                width=width,
            )
            problems.append(Problem(number, what, "\t".join(broken[1])[:80]))
            continue
        text, found = join_tokens(
            [row[word] for _unused_3, row in sentence], [row[tag] for _unused_4, row in sentence], bare
        )
        texts.append(text)
        spans.append([span.as_dict() for span in found])
        numbers.append(number)
    if not texts:
        raise no_rows(path)
    return RawTable(["text", "spans"], [texts, spans], numbers, problems)


def has_tabs(lines: Sequence[str]) -> bool:
    """Whether tabs separate the columns; otherwise blanks do."""
    filled = [line for line in lines if line.strip()]
    return sum("\t" in line for line in filled) * 2 > len(filled)


def columns_of(line: str, tabs: bool) -> list[str]:
    """A token may hold other signs that count as white space, such as the non-breaking blank in 1 000."""
    if not line.strip():
        return []
    if tabs:
        return [column.strip(BLANKS) for column in line.strip("\n\r ").split("\t")]
    return _BLANKS.split(line.strip(BLANKS))


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    return Counter(len(row) for row in rows if row).most_common(1)[0][0] if any(rows) else 0


def sentences_of(lines: Sequence[str], tabs: bool, width: int) -> Iterator[list[Line]]:
    """Blank lines separate sentences. Left out: document markers, comments (# ...), and a header line."""
    sentence: list[Line] = []
    first = True
    for number, line in enumerate(lines, start=1):
        row = columns_of(line, tabs)
        if not row:
            if sentence:
                yield sentence
            sentence = []
        elif row[0] == DOCUMENT or (line.startswith("#") and len(row) != width):
            continue
        elif not (first and row[-1].lower() in HEADERS):
            sentence.append((number, row))
        first = first and not row
    if sentence:
        yield sentence


def tag_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The last column, after the first, in which nearly every word is a tag and one marks something."""
    for column in reversed(range(1, len(rows[0]))):
        tags = [row[column] for row in rows]
        if sum(map(looks_like_tag, tags)) >= NEARLY_ALL * len(tags) and any(map(looks_like_tag, set(tags) - {"O"})):
            return column
    return 1 if len(rows[0]) == 2 and are_bare(row[1] for row in rows) else None


def token_column(rows: Sequence[Sequence[str]], tag: int) -> int:
    """The first, unless it counts the tokens."""
    counts = all(row[0].isdecimal() for row in rows) and rows[0][0] in ("0", "1")
    return 1 if counts and tag > 1 else 0


CONLL = Format("conll", "CoNLL", (".conll", ".iob", ".bio", ".iob2", ".conllu"), recognises, guess_encoding_alone, read)
