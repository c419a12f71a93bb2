"""fastText files: a text a line, with its labels before it, each behind `__label__`.

https://fasttext.cc/docs/en/supervised-tutorial.html
"""

import re
from pathlib import Path

from studio.data.columns import Problem
from studio.data.formats.base import Format, RawTable, check_rows, no_rows
from studio.data.formats.encodings import decode, guess_encoding, guess_encoding_alone
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.language import _

NEARLY_ALL = 0.9
_LINE = re.compile(r"((?:__label__\S+[\s,]+)+)(.*)", re.DOTALL)


def recognises(path: Path, head: bytes) -> bool:
    if b"__label__" not in head:
        return False
    lines = [line for line in decode(head, guess_encoding(head)).split("\n")[:-1] if line.strip()]
    return bool(lines) and sum(line.startswith("__label__") for line in lines) >= NEARLY_ALL * len(lines)


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """Columns `text` and `label`, where several labels of a line are a list."""
    texts: list[object] = []
    labels: list[object] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, line in enumerate(decode(path.read_bytes(), reading.encoding or "utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if not match:
            problems.append(Problem(number, _("This line has no label or no text."), line[:80]))
            continue
        found = [label.removeprefix("__label__") for label in re.split(r"[\s,]+", match[1]) if label]
        texts.append(match[2].strip())
        labels.append(found[0] if len(found) == 1 else found)
        numbers.append(number)
    check_rows(len(numbers) + len(problems), limits)
    if not numbers:
        raise no_rows(path)
    return RawTable(["text", "label"], [texts, labels], numbers, problems)


FASTTEXT = Format("fasttext", "fastText", (".ft",), recognises, guess_encoding_alone, read)
