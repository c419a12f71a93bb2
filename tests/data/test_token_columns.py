"""Columns of token lists and tag lists."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest

from studio.data.formats.parquet import classes_in_lists
from studio.data.reading import read_table

TOKENS = [["EU", "rejects"], ["Peter", "Blackburn", "!"]]
TAGS = [["B-ORG", "O"], ["B-PER", "I-PER", "O"]]
EXPECTED = [("EU rejects", [("EU", "ORG")]), ("Peter Blackburn !", [("Peter Blackburn", "PER")])]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def pieces(path: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    table, _ = read_table(path)
    return [
        (text, [(text[span["start"] : span["end"]], span["label"]) for span in json.loads(cell)])
        for text, cell in zip(table["text"], table["spans"], strict=True)
    ]


@pytest.mark.parametrize(("tokens", "tags"), [("tokens", "ner_tags"), ("Words", "Labels"), ("tokens", "tags")])
def test_lines_of_json(tmp_path: Path, tokens: str, tags: str) -> None:
    rows = [{"id": n, tokens: some, tags: others} for n, (some, others) in enumerate(zip(TOKENS, TAGS, strict=True))]
    path = write_lines(tmp_path / "x.jsonl", rows)
    assert pieces(path) == EXPECTED
    assert list(read_table(path)[0].columns) == ["text", "spans", "id"]


def test_numbers_whose_names_a_parquet_file_knows(tmp_path: Path) -> None:
    names = ["O", "B-ORG", "B-PER", "I-PER"]
    features = datasets.Features(
        {
            "tokens": datasets.Sequence(datasets.Value("string")),
            "ner_tags": datasets.Sequence(datasets.ClassLabel(names=names)),
        }
    )
    numbers = [[names.index(tag) for tag in tags] for tags in TAGS]
    path = tmp_path / "x.parquet"
    datasets.Dataset.from_dict({"tokens": TOKENS, "ner_tags": numbers}, features=features).to_parquet(path)
    assert pieces(path) == EXPECTED
    assert read_table(path)[1] == []


def test_numbers_whose_names_nobody_knows(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.jsonl", [{"tokens": ["a", "b", "c", "d"], "tags": [0, 2, 2, -100]}])
    assert pieces(path) == [("a b c d", [("b c", "2")])]
    assert [(problem.row, problem.drops) for problem in read_table(path)[1]] == [(0, False)]


def test_rows_that_do_not_fit_are_named(tmp_path: Path) -> None:
    good = {"tokens": TOKENS[0], "tags": TAGS[0]}
    odd: list[dict[str, Any]] = [
        {"tokens": ["a"], "tags": ["O", "O"]},
        {"tokens": "a b", "tags": ["O", "O"]},
        {"tokens": ["a"], "tags": [{}]},
        {"tokens": [5], "tags": ["O"]},
        {"tokens": ["a"]},
    ]
    table, problems = read_table(write_lines(tmp_path / "x.jsonl", [good] * 6 + odd))
    assert list(table.index) == [1, 2, 3, 4, 5, 6]
    assert [(problem.row, problem.drops, problem.what) for problem in problems] == [
        (7, True, "There are not as many tags (2) as tokens (1)."),
        (8, True, "The tokens are no list of words."),
        (9, True, "The tags are no list of words or numbers."),
        (10, True, "The tokens are no list of words."),
        (11, True, "The tags are no list of words or numbers."),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"tokens": ["a"], "label": "x"},
        {"text": "a b", "tags": ["x", "y"]},
        {"tokens": [{"text": "a"}], "spans": []},
        {"tokens": 5, "tags": 5},
    ],
)
def test_other_tables_stay_as_they_are(tmp_path: Path, row: dict[str, Any]) -> None:
    assert list(read_table(write_lines(tmp_path / "x.jsonl", [row] * 3))[0].columns) == list(row)


@pytest.mark.parametrize(
    "metadata",
    [b"", b"[", b"5", b"{}", b'{"info": 5}', b'{"info": {"features": {"a": 5, "b": {"feature": {"names": 5}}}}}'],
)
def test_odd_metadata_names_nothing(metadata: bytes) -> None:
    assert classes_in_lists({b"huggingface": metadata}) == {}
