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
            shown = displayable(text)[:110]
            sys.stderr.write("\r" + shown.ljust(self._width))
            self._width = len(shown)
            sys.stderr.flush()

    def line(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        print(displayable(text), file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            self._width = 0


def print_line(text: str) -> None:
    print(displayable(text))


def print_json(value: Any) -> None:
    """One line, the last of stdout."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [tuple(header), *(tuple(row) for row in rows)]
    lines = [tuple(map(displayable, line)) for line in lines]
    widths = [max(width_of(line[index]) for line in lines) for index in range(len(header))]
    for line in lines:
        padded = (cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def displayable(text: str) -> str:
    """One line of a terminal: what would move its cursor, change its colours or turn words round is written out, as
    \\x1b. Such letters come from data, and a terminal obeys them (CWE-150)."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or is_harmless(sign) else spelled(sign) for sign in text)


def is_harmless(sign: str) -> bool:
    """Of what Python takes for unprintable: spaces of other widths, and what joins or parts letters."""
    return unicodedata.category(sign) == "Zs" or (unicodedata.category(sign) == "Cf" and not is_turning(sign))


def is_turning(sign: str) -> bool:
    """Whether it changes the direction of the letters around it (Unicode, bidirectional formatting)."""
    return unicodedata.bidirectional(sign) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def spelled(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese, Japanese and Korean letters two, marks on a letter none."""
    return sum(
        0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
