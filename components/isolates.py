"""Arabic, Hebrew and the like inside an English sentence, set apart so that they change the order of nothing around
them (Unicode Standard Annex 9, isolates)."""

import re

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"  # from right to left
TURNING = "\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # what stands behind these
_RUN = re.compile(rf"[{LETTERS}{TURNING}](?:(?:[ 0-9._/&+-]+|['\u2019\"])?[{LETTERS}{TURNING}])*")


def isolated(sentence: str) -> str:
    """The same to read. What goes on in one direction, with blanks and numbers in between, is one piece."""
    return _RUN.sub(lambda run: f"{FIRST_STRONG_ISOLATE}{run[0]}{POP_ISOLATE}", sentence)
