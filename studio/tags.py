"""Tags of runs: a few short words each, as people write them into one field."""

from collections.abc import Iterable

MOST, LONGEST = 20, 40  # of a run; letters of one


def tags_in(text: str) -> tuple[str, ...]:
    """The tags in a text with commas between them.

    >>> tags_in("first try,  Baseline,baseline,")
    ('first try', 'Baseline')
    """
    return tidy_tags(text.replace("\n", ",").split(","))


def tidy_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, whatever its capitals, in the order in which they came; what is too long or too many is left out."""
    found: dict[str, str] = {}
    for word in words:
        tag = " ".join(word.split())[:LONGEST].strip()
        if tag:
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())[:MOST]
