"""Tags of tokens, in every scheme, as marked pieces."""

import pytest

from studio.data.tagging import are_bare, join_tokens, looks_like_tag

WORDS = ["EU", "rejects", "New", "York", "'s", "call"]
EXPECTED = [("EU", "ORG"), ("New York", "LOC")]


def marked(tokens: list[str], tags: list[str]) -> list[tuple[str, str]]:
    text, spans = join_tokens(tokens, tags, are_bare(tags))
    return [(text[span.start : span.end], span.label) for span in spans]


@pytest.mark.parametrize(
    "tags",
    [
        "B-ORG O B-LOC I-LOC O O",
        "I-ORG O I-LOC I-LOC O O",
        "S-ORG O B-LOC E-LOC O O",
        "U-ORG O B-LOC L-LOC O O",
        "B_ORG O B_LOC I_LOC O O",
        "ORG O LOC LOC O O",
    ],
    ids=["BIO", "IOB1", "BIOES", "BILOU", "underscores", "labels alone"],
)
def test_schemes(tags: str) -> None:
    assert marked(WORDS, tags.split()) == EXPECTED


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-X B-X I-X O", ["a", "b c"]),
        ("I-X B-X I-X O", ["a", "b c"]),  # IOB1: B- parts neighbours of one label
        ("S-X S-X E-X I-X", ["a", "b", "c", "d"]),
        ("B-X I-Y I-Y O", ["a", "b c"]),  # another label begins a piece of its own
        ("B X B I O".replace(" X", ""), ["a", "b c"]),
        ("O O O O", []),
    ],
)
def test_where_pieces_begin_and_end(tags: str, expected: list[str]) -> None:
    assert [piece for piece, _ in marked(list("abcd"), tags.split())] == expected


def test_tags_without_labels() -> None:
    assert marked(list("abc"), ["B", "I", "O"]) == [("a b", "entity")]
    assert marked(list("abc"), ["B", "C", "O"]) == [("a", "B"), ("b", "C")], "these are labels"


def test_empty_tokens_are_left_out() -> None:
    assert join_tokens(["a", "", " ", "b"], ["O", "B-X", "O", "B-X"])[0] == "a b"
    assert marked(["a", " ", "b"], ["B-X", "I-X", "I-X"]) == [("a b", "X")]


def test_what_looks_like_a_tag() -> None:
    assert all(map(looks_like_tag, ("O", "B-PER", "I-geo-loc", "S_x", "U-1")))
    assert not any(map(looks_like_tag, ("PER", "B", "B-", "o", "b-per", "", "BPER", "X-PER")))
