"""CoNLL files."""

import contextlib
import json
import random
from pathlib import Path

import pytest
from upload_files import import_folder, put

from studio.data.limits import Limits
from studio.data.reading import find_format, read_table
from studio.errors import StudioError

SENTENCES = [
    [("EU", "ORG"), ("rejects", ""), ("German", "MISC"), ("call", "")],
    [("Peter", "PER"), ("Blackburn", "PER")],
    [("1996-08-22", "")],
]


def conll(line: str = "{token} {tag}", head: str = "") -> str:
    text = head
    for sentence in SENTENCES:
        before = ""
        for number, (token, label) in enumerate(sentence, start=1):
            tag = f"{'I' if label == before else 'B'}-{label}" if label else "O"
            text += line.format(number=number, token=token, tag=tag) + "\n"
            before = label
        text += "\n"
    return text


def pieces(path: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    table, _ = read_table(path)
    return [
        (text, [(text[span["start"] : span["end"]], span["label"]) for span in json.loads(cell)])
        for text, cell in zip(table["text"], table["spans"], strict=True)
    ]


@pytest.mark.parametrize("between", [" ", "  ", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("sign", ["\u00a0", "\u2028", "\u3000", "\x85"])
def test_other_white_space_is_part_of_its_token(tmp_path: Path, between: str, ending: str, sign: str) -> None:
    lines = [f"1{sign}000{between}B-SUM", f"euros{between}O", ""] * 5
    path = tmp_path / "train.conll"
    path.write_bytes(ending.join(lines).encode())
    assert pieces(path) == [(f"1{sign}000 euros", [(f"1{sign}000", "SUM")])] * 5


@pytest.mark.parametrize("ending", ["conll", "txt", "tsv", "iob", "data"])
@pytest.mark.parametrize(
    "text",
    [
        conll(),
        conll("{token}\t{tag}"),
        conll("{token} NNP B-NP {tag}", "-DOCSTART- -X- -X- O\n\n"),
        conll("{number}\t{token}\t{tag}\tO", "#\thttp://example.org\t[2009-10-17]\n"),
        conll("{token} {tag}", "# a comment about this file\n"),
        conll("{token}\t{tag}", "token\ttag\n"),
        conll("{token} {tag}  ").replace("\n", "\r\n"),
        "\n\n" + conll().rstrip(),
    ],
    ids=["blanks", "tabs", "2003", "counted", "comment", "header", "windows", "gaps"],
)
def test_layouts(tmp_path: Path, text: str, ending: str) -> None:
    path = tmp_path / f"train.{ending}"
    path.write_bytes(text.encode())
    assert find_format(path).name == "conll"
    assert pieces(path) == [
        ("EU rejects German call", [("EU", "ORG"), ("German", "MISC")]),
        ("Peter Blackburn", [("Peter Blackburn", "PER")]),
        ("1996-08-22", []),
    ]
    table, problems = read_table(path)
    assert (list(table.columns), list(table.index), problems) == (["text", "spans"], [1, 2, 3], [])


@pytest.mark.parametrize(
    "text",
    [
        "I like it\nI hate it\nO no\n",
        "text\tlabel\nso good\tpos\nso bad\tneg\nso so\tneg\n",
        "a b\nc d\ne f\n",
        "O O\nO O\nO O\nO O\n",
        '{"a": "B-X"}\n' * 9,
    ],
)
def test_other_texts_are_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.txt"
    path.write_text(text)
    assert find_format(path).name != "conll"


def test_the_ending_says_so_where_tags_are_labels_alone(tmp_path: Path) -> None:
    path = tmp_path / "pos.conll"
    path.write_text("the DET\nred ADJ\n\ncat NOUN\n")
    assert pieces(path) == [("the red", [("the", "DET"), ("red", "ADJ")]), ("cat", [("cat", "NOUN")])]


def test_a_sentence_with_a_broken_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text(conll().replace("Blackburn I-PER", "Blackburn"))
    table, problems = read_table(path)
    assert list(table.index) == [1, 3]
    assert [(problem.row, problem.drops, problem.what) for problem in problems] == [
        (2, True, "Line 7 has 1 column instead of 2.")
    ]


def test_an_archive_with_a_file_for_each_split(tmp_path: Path) -> None:
    files = {f"ner/{name}": conll() for name in ("train.txt", "valid.txt", "test.txt")}
    content = import_folder(tmp_path / "up", {**files, "ner/README.md": "read me"})
    assert (content.format, content.kind) == ("conll", "text")
    assert content.table["split"].value_counts().to_dict() == {"train": 3, "validation": 3, "test": 3}
    assert content.table.index.is_unique


def test_too_many_sentences(tmp_path: Path) -> None:
    put(tmp_path, {"x.conll": "a B-X\n\n" * 20})
    with pytest.raises(StudioError, match="too many rows"):
        read_table(tmp_path / "x.conll", limits=Limits(rows=10))


def test_damaged_files_never_raise_anything_else(tmp_path: Path) -> None:
    rng = random.Random(13)
    for _ in range(100):
        damaged = bytearray(conll().encode() * 2)
        for _ in range(rng.randrange(9)):
            damaged[rng.randrange(len(damaged))] = rng.choice([0, 9, 10, 13, 32, 34, 35, 0xC3, 0xFF])
        path = tmp_path / "x.conll"
        path.write_bytes(bytes(damaged[: rng.randrange(1, len(damaged))]))
        with contextlib.suppress(StudioError):
            table, _ = read_table(path)
            table.to_parquet(tmp_path / "table.parquet")
