"""Running text from books, made ready for training a language model: read, cleaned, cut into books and chapters,
and part of the books set aside.

Whole books are held out: chapters of a book share its names and its story, so a chapter of a known book would
flatter the model. A book begins where the counting of its chapters begins again, which is all that a file of
books written one after another tells of its borders.
"""

import gzip
import lzma
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.errors import StudioError

_OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open}
# Marks that only look different: one form each, so that the vocabulary does not spend entries on both.
_ONE_FORM = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\xa0": " ", "\u2026": "..."})
_UNWANTED_LINE = re.compile(
    r"\s*(?:(?:page\s*)?\[?\d+\]?|[-*_.|>\s]+|the\s+end\.?|finis\.?|\[?illustration[^\]]*\]?)\s*", re.IGNORECASE
)
_NUMBER = r"(?:the\s+)?(?P<number>\d+|[ivxlc]+|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]+(?:th|st|nd|rd))"
_HEADING = re.compile(rf"(?:chapter|stave|book|part|volume)\s+{_NUMBER}\b.{{0,80}}", re.IGNORECASE)
_FIRST = {"1", "i", "one", "first"}
_SHORTEST_CHAPTER = 300


def read_text(path: Path) -> str:
    """The file's text; .xz and .gz are unpacked on the way."""
    if not path.is_file():
        raise StudioError(
            "The text to learn from is not there.",
            f"There is no file {path}.",
            "Name a plain UTF-8 text file; it may be packed as .xz or .gz.",
        )
    with _OPENERS.get(path.suffix, open)(path, "rt", encoding="utf-8") as file:
        return str(file.read())


def clean(text: str) -> str:
    """Paragraphs with one blank line between them, without marks of emphasis, page numbers and ornaments."""
    text = _mended(text).translate(_ONE_FORM)
    text = re.sub(r"-{2,}", "—", text)
    text = re.sub(r"[_*\\]", "", text)
    lines = (re.sub(r"[ \t]+", " ", line).strip(" \t>") for line in text.splitlines())
    kept = ("" if _UNWANTED_LINE.fullmatch(line) else line for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def books(text: str) -> list[list[str]]:
    """The books of a cleaned text, each as its chapters.

    A heading with hardly any text before the next one ("Book the Second", then "Chapter 1") stays with what follows,
    so that a part of a book does not count as a new one.
    """
    chapters: list[list[str]] = [[]]
    length = 0
    for paragraph in text.split("\n\n"):
        if _HEADING.fullmatch(paragraph) and length >= _SHORTEST_CHAPTER:
            chapters.append([])
            length = 0
        chapters[-1].append(paragraph)
        length += len(paragraph)
    found: list[list[str]] = []
    for chapter in chapters:
        heading = _HEADING.fullmatch(chapter[0]) if chapter else None
        if not found or (heading and heading["number"].lower() in _FIRST):
            found.append([])
        found[-1].append("\n\n".join(chapter))
    return found


def hold_out(found: list[list[str]], share: float, seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """(to learn from, held out): whole books in the seed's order, as long as they fit into `share` of all characters;
    the shortest book where none does."""
    if len(found) < 2:
        raise StudioError(
            "There is nothing to measure the model on.",
            "The text holds one book only, and whole books are held out.",
            "Add a second book; a book begins with a heading such as 'Chapter 1'.",
        )
    lengths = [sum(map(len, book)) for book in found]
    order = list(range(len(found)))
    random.Random(seed).shuffle(order)
    room = share * sum(lengths)
    chosen: set[int] = set()
    for index in order:
        if lengths[index] <= room:
            chosen.add(index)
            room -= lengths[index]
    chosen = chosen or {min(order, key=lengths.__getitem__)}
    return (
        [book for index, book in enumerate(found) if index not in chosen],
        [book for index, book in enumerate(found) if index in chosen],
    )


def _mended(text: str) -> str:
    """Accented letters that were once read in the wrong encoding (two odd letters for one), put right."""

    def mend(match: re.Match[str]) -> str:
        try:
            return match[0].encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return match[0]

    return re.sub("[\xc2-\xc3][\x80-\xbf]", mend, text)
