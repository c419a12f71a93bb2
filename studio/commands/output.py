"""What a command prints: progress and words to stderr, results to stdout, so that pipes stay clean."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any


class Progress:
    """One line that is updated in place on a terminal; elsewhere, lines that are worth keeping."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._width = 0

    def update(self, text: str) -> None:
        """A passing state. Shown on a terminal only."""
        if self._terminal:
            sys.stderr.write("\r" + text[:110].ljust(self._width))
            self._width = min(len(text), 110)
            sys.stderr.flush()

    def line(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            self._width = 0


def print_json(value: Any) -> None:
    """One line, the last of stdout."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(width_of(line[index]) for line in lines) for index in range(len(header))]
    for line in lines:
        padded = (cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese, Japanese and Korean letters two, marks on a letter none."""
    return sum(
        0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
