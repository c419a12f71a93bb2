"""Marked pieces of texts: from characters to tags of tokens and back."""

import json
from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
import torch
from prepared import prepare_table

from studio.data.fields.spans import Span, read_spans
from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.tasks import TASKS
from studio.tasks.base import Batch, Tools
from studio.tasks.texts import IGNORED
from studio.tasks.token_classification import continuing, marks_whole_words, spans_of, token_labels

TASK = TASKS["token-classification"]
TEXT = "Ada Lovelace met Ada in London"
PLACES = [(0, 0), (0, 3), (4, 8), (8, 12), (13, 16), (17, 20), (21, 23), (24, 30), (0, 0)]  # love|lace is two tokens
INDEX = {"O": 0, "B-city": 1, "I-city": 2, "B-name": 3, "I-name": 4}
NAMES = {number: tag for tag, number in INDEX.items()}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pandas.DataFrame:
    path = tiny.write_marked_words(tmp_path_factory.mktemp("words") / "words.jsonl", 20)
    frame = pandas.DataFrame([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
    frame["spans"] = frame["spans"].map(json.dumps)
    frame["row"], frame["split"] = range(1, 21), ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    return frame


def prepared(table: pandas.DataFrame, model: Path, **options: Any) -> Prepared:
    return prepare_table(TASK.name, table, model, **options)


@pytest.mark.parametrize(
    "spans",
    [
        [],
        [Span(0, 12, "name"), Span(24, 30, "city")],
        [Span(0, 3, "name"), Span(4, 12, "name")],  # side by side: two pieces, not one
        [Span(17, 20, "name"), Span(21, 23, "city"), Span(24, 30, "city")],
    ],
)
def test_pieces_come_back_from_the_tags_of_their_tokens(spans: list[Span]) -> None:
    labels = token_labels(PLACES, spans, INDEX)
    assert [label for label, (start, end) in zip(labels, PLACES, strict=True) if start == end] == [IGNORED] * 2
    tags = [NAMES.get(label, "O") for label in labels]
    found = spans_of(TEXT, PLACES, tags, [0.5] * len(tags), [False] * len(tags))
    assert [Span(piece["start"], piece["end"], piece["label"]) for piece in found] == spans
    assert all(piece["text"] == TEXT[piece["start"] : piece["end"]] and piece["score"] == 0.5 for piece in found)


def test_a_piece_has_the_mean_probability_of_its_tokens_and_may_begin_inside() -> None:
    found = spans_of("ab cd", [(0, 2), (3, 5)], ["I-name", "I-name"], [0.4, 0.8], [False, False])
    assert found == [{"start": 0, "end": 5, "label": "name", "text": "ab cd", "score": pytest.approx(0.6)}]


def test_the_first_token_of_a_word_decides_for_all_of_it() -> None:
    words = [None, 0, 1, 1, 2, 3, 4, 5, None]
    continues = continuing(TEXT, PLACES, words)
    assert continues == [False, False, False, True, False, False, False, False, False]
    tags = ["O", "B-name", "I-name", "O", "O", "O", "O", "O", "O"]
    found = spans_of(TEXT, PLACES, tags, [0.5, 0.6, 0.8, 0.1] + [0.5] * 5, continues)
    assert [(piece["text"], piece["score"]) for piece in found] == [("Ada Lovelace", pytest.approx(0.7))]
    tags = ["O", "O", "O", "B-name", "O", "O", "O", "O", "O"]
    assert spans_of(TEXT, PLACES, tags, [0.5] * 9, continues) == []


def test_what_a_tokenizer_calls_a_word_may_be_a_whole_text() -> None:
    assert continuing("one two", [(0, 3), (3, 7)], [0, 0]) == [False, False]


def test_blanks_that_a_token_begins_with_belong_to_no_piece() -> None:
    found = spans_of("a  very", [(0, 1), (1, 7)], ["O", "B-x"], [0.5, 0.5], [False, False])
    assert [(piece["start"], piece["end"], piece["text"]) for piece in found] == [(3, 7, "very")]
    assert spans_of("a  b", [(0, 1), (1, 3), (3, 4)], ["O", "B-x", "O"], [0.5] * 3, [False] * 3) == []


@pytest.mark.parametrize(
    ("text", "start", "end", "whole"),
    [("Ada met Bo", 0, 3, True), ("Ada met Bo", 8, 10, True), ("unhappy", 2, 7, False), ("在东京", 1, 3, False)],
)
def test_words_decide_only_where_whole_words_are_marked(text: str, start: int, end: int, whole: bool) -> None:
    assert marks_whole_words(text, [Span(start, end, "x")]) == whole


def test_labels_are_those_that_are_marked(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)
    assert found.tools.labels == ("O", "B-bad", "I-bad", "B-good", "I-good")
    assert TASK.classes(found.tools.labels) == ["bad", "good"]
    with pytest.raises(StudioError, match="Nothing is marked"):
        TASK.configure(table.assign(spans="[]"), TASK.Options())


def test_long_texts_are_cut_with_their_tags(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model, max_length=8)
    items = found.examples["train"].plain(list(range(12)))
    assert max(found.lengths("train") or []) == 8
    assert all(len(item["input_ids"]) == len(item["labels"]) == len(item["places"]) <= 8 for item in items)
    batch = found.collate(items)
    assert batch["labels"].shape == batch["input_ids"].shape
    assert (batch["labels"][batch["attention_mask"] == 0] == IGNORED).all()


def test_the_loss_counts_tokens_that_have_a_tag(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)
    found.model.eval()
    items = found.examples["train"].plain([0, 1, 2])
    with torch.no_grad():
        whole = TASK.loss(found.model, Batch(found.collate(items), items))
        each = [TASK.loss(found.model, Batch(found.collate([item]), [item])) for item in items]
    assert int(whole.units) == sum(len(item["input_ids"]) - 2 for item in items)  # without [CLS] and [SEP]
    assert float(whole.total) == pytest.approx(sum(float(loss.total) for loss in each), rel=1e-5)


def test_a_piece_behind_the_end_of_its_text_is_a_problem(table: pandas.DataFrame) -> None:
    cell = json.dumps([{"start": 2, "end": 90, "label": "name"}])
    (problem,) = TASK.check(pandas.DataFrame({"row": [7], "text": ["short"], "spans": [cell]}), None)
    assert problem.row == 7 and "up to character 90; the text has 5" in problem.what


def test_a_tokenizer_that_does_not_say_where_tokens_lie_is_refused(table: pandas.DataFrame, text_model: Path) -> None:
    found = prepared(table, text_model)

    class Slow:
        is_fast = False

    with pytest.raises(StudioError, match="where its tokens lie"):
        TASK.encode(Tools(Slow(), found.model.config, TASK.Options()), [{"text": "a", "spans": read_spans("[]")}])
