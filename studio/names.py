"""Names as people type them: on one line, not too long, and with something in them that can be seen."""

import unicodedata


def is_seen(sign: str) -> bool:
    """Not so of blanks, and of marks that only turn or join others."""
    return unicodedata.category(sign)[0] not in "CZ"


def tidy_name(text: str, most: int | None = None) -> str:
    """On one line, the first `most` letters of it; "" where nobody would see any.

    >>> tidy_name("  Two lines,\\n one name ")
    'Two lines, one name'
    """
    line = "".join(sign for sign in " ".join(text.split()) if unicodedata.category(sign) != "Cc")[:most].strip()
    return line if any(map(is_seen, line)) else ""
