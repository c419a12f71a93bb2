"""Tokens with a tag each, as CoNLL files and many data sets have them, as a text with marked pieces."""

import re
from collections.abc import Iterable, Sequence

from studio.data.fields.spans import Span

OUTSIDE = frozenset({"O", "", "-X-", "_"})
_PREFIXED = re.compile(r"([BIESLUM])[-_](.+)")
BEGINS, ENDS = frozenset("BSU"), frozenset("ESLU")
BARE_LABEL = "entity"  # of pieces whose tags are B and I alone


def looks_like_tag(word: str) -> bool:
    return word == "O" or _PREFIXED.fullmatch(word) is not None


def are_bare(tags: Iterable[str]) -> bool:
    """Whether a data set's tags are the places in a piece alone (B, I, O), which have no label."""
    found = set(tags)
    return found <= set("BIESLUMO") and bool(found & {"B", "I"}) and "O" in found


def join_tokens(tokens: Sequence[str], tags: Sequence[str], bare: bool = False) -> tuple[str, list[Span]]:
    """The tokens with a blank between each two, and the pieces that their tags mark. Empty tokens are left out.

    Tags are BIO, IOB1, BIOES or BILOU, or labels without a place; then neighbours of one label are one piece.
    """
    parts: list[str] = []
    spans: list[Span] = []
    position = 0
    open_label: str | None = None
    for token, tag in zip(tokens, tags, strict=True):
        if not token.strip():
            continue
        place, label = split_tag(tag, bare)
        end = position + len(token)
        if label is None:
            open_label = None
        else:
            if open_label == label and place not in BEGINS:
                spans[-1] = Span(spans[-1].start, end, label)
            else:
                spans.append(Span(position, end, label))
            open_label = None if place in ENDS else label
        parts.append(token)
        position = end + 1
    return " ".join(parts), spans


def split_tag(tag: str, bare: bool) -> tuple[str, str | None]:
    """(place in the piece or "", label or None outside of all pieces): B-PER -> ("B", "PER")."""
    if tag in OUTSIDE:
        return "", None
    if bare:
        return tag, BARE_LABEL
    found = _PREFIXED.fullmatch(tag)
    return (found[1], found[2]) if found else ("", tag)
