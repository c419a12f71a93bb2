"""In which script texts are written: a few in another one than the rest are often there by mistake."""

import re
import unicodedata
from collections import Counter
from functools import cache

import pandas

FEW = 0.05  # of all texts; more of them belong there
LOOKED_AT = 50  # characters of a text
_BEYOND_LATIN = re.compile(r"[^\u0000-\u024f]")
ONE_FAMILY = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "FULLWIDTH": "LATIN", "HALFWIDTH": "CJK"}  # are written together


def script(text: str) -> str:
    """The script of most of its letters, as Unicode names it: LATIN, THAI, CJK; "" where it has no letters."""
    beginning = text[:LOOKED_AT]
    if not _BEYOND_LATIN.search(beginning):
        return "LATIN" if any(map(str.isalpha, beginning)) else ""
    counts = Counter(map(script_of_letter, filter(str.isalpha, beginning)))
    return counts.most_common(1)[0][0] if counts else ""


@cache
def script_of_letter(letter: str) -> str:
    name = unicodedata.name(letter, "").split(" ")[0]
    return ONE_FAMILY.get(name, name)


def foreign_scripts(cells: pandas.Series) -> dict[str, pandas.Series]:
    """By script, the texts in scripts that few of the texts have; only where nearly all others share one."""
    scripts = cells.map(script)
    written = scripts[scripts != ""]
    counts = written.value_counts()
    if counts.empty or counts.iloc[0] < (1 - FEW) * len(written):
        return {}
    return {str(name): cells[scripts == name] for name in counts.index[1:]}
