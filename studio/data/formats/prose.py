"""Running text: a book, a chapter, a collection of articles, in paragraphs with a blank line between.

It has no rows; passages of whole paragraphs take their place, each short enough to be learned at a time.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from studio.data.formats.base import Format, RawTable, check_rows, no_rows
from studio.data.formats.delimited import guess_delimiter, unreadable
from studio.data.formats.encodings import decode, guess_encoding, guess_encoding_alone
from studio.data.limits import Limits
from studio.data.options import ReadingOptions

ENDINGS = (".txt", ".text", ".md")  # the first is also that of tables
PASSAGE = 1000  # letters, about 250 tokens of English
FEWEST_PARAGRAPHS, LONG = 4, 150  # letters of a paragraph on average, where each is a line
_BREAK = re.compile(r"\n[ \t]*\n\s*")
_STOP = re.compile(r"(?<=[.!?…。！？])[\"'”’»)]*\s+")  # noqa: RUF001


def recognises(path: Path, head: bytes) -> bool:
    """Paragraphs with blank lines between, most of several lines or long, and no columns."""
    if path.suffix.lower() not in ENDINGS:
        return False
    text = _text(decode(head, guess_encoding(head)))
    if text.lstrip().startswith(("[", "{")):
        return False
    paragraphs = _paragraphs(text)
    if len(paragraphs) < FEWEST_PARAGRAPHS:
        return False
    if fmean("\n" in each for each in paragraphs) < 0.3 and fmean(map(len, paragraphs)) < LONG:
        return False
    lines = [f"{line}\n" for line in text.split("\n")]
    return text.count(str(guess_delimiter(lines, path.suffix.lower()).value)) < len(paragraphs)


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """A column `text`; the rows are numbered passage by passage."""
    text = _text(decode(path.read_bytes(), reading.encoding or "utf-8"))
    passages = list(passages_of(_paragraphs(text)))
    if not passages:
        raise no_rows(path)
    check_rows(len(passages), limits)
    numbers = list(range(1, len(passages) + 1))
    return RawTable(["text"], [passages], numbers, unreadable([[each] for each in passages], numbers))


def passages_of(paragraphs: Sequence[str]) -> Iterator[str]:
    """Paragraphs together as long as they fit; one that is too long is cut behind sentences, or anywhere."""
    held: list[str] = []
    for paragraph in paragraphs:
        for piece in _pieces(paragraph):
            if held and sum(map(len, held)) + len(piece) > PASSAGE:
                yield "\n\n".join(held)
                held = []
            held.append(piece)
    if held:
        yield "\n\n".join(held)


def _pieces(paragraph: str) -> Iterator[str]:
    if len(paragraph) <= PASSAGE:
        yield paragraph
        return
    held = ""
    for sentence in _STOP.split(paragraph):
        for start in range(0, len(sentence), PASSAGE):
            part = sentence[start : start + PASSAGE]
            if held and len(held) + len(part) >= PASSAGE:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held


def _paragraphs(text: str) -> list[str]:
    return [part.strip("\n") for part in _BREAK.split(text) if part.strip()]


def _text(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


PROSE = Format("prose", "plain text", (".md", ".text"), recognises, guess_encoding_alone, read)
