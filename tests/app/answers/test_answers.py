"""Every kind of answer is drawn, written and printed from the shape that its tasks give it, and data stays text."""

import json
from pathlib import Path

import numpy
import pytest
from PIL import Image

from studio.app.answers import ANSWERS, Asked
from studio.app.answers.number import between
from studio.data.columns import Column
from studio.data.regions import png_of
from studio.tasks.base import RIGHT, WRONG, Answer

EVIL = "<img src=x onerror=\"alert('x')\">"
TEXT, IMAGE = Column("text", "Text", "text", ""), Column("image", "Image", "image", "")
PIECE = {"start": 0, "end": 3, "label": EVIL, "text": EVIL, "score": 0.9}


def column(kind: str) -> Column:
    return Column("answer_column", "Right", kind, "")


BOX = {"box": [10.0, 20.0, 30.0, 40.0], "label": "cat", "score": 0.9}
REGION = {"label": "cat", "share": 0.25, "png": png_of(numpy.eye(4) > 0)}
DETAILS = {"width": 4, "height": 4, "score": 0.8}
CASES: dict[str, tuple[Answer, Answer, Asked]] = {
    "label": (
        Answer("cat", {"probabilities": {"cat": 0.9, EVIL: 0.1}}),
        Answer(EVIL, {"probabilities": {EVIL: 0.6, "cat": 0.4}}),
        Asked((TEXT, column("label")), {"text": EVIL}, {"answer_column": EVIL}),
    ),
    "labels": (
        Answer(["cat"], {"probabilities": {"cat": 0.9, EVIL: 0.1}, "thresholds": {"cat": 0.5, EVIL: 0.5}}),
        Answer([], {"probabilities": {EVIL: 0.4, "cat": 0.4}, "thresholds": {"cat": 0.5, EVIL: 0.5}}),
        Asked((TEXT, column("labels")), {"text": EVIL}, {"answer_column": json.dumps([EVIL])}),
    ),
    "quote": (
        Answer(EVIL, {"column": "text", "score": 0.9, "start": 8, "end": 8 + len(EVIL)}),
        Answer("", {"column": "text", "score": 0.5}),
        Asked((TEXT, column("answers")), {"text": f"Ann met {EVIL}"}, {"answer_column": '[{"text": "met"}]'}),
    ),
    "ranking": (
        Answer(
            [{"text": f"One {EVIL}\nand two", "score": 0.9, "why": EVIL}, {"text": "b", "score": -0.2}], {"ranks": [2]}
        ),
        Answer([]),
        Asked((TEXT, column("text")), {"text": EVIL}, {"answer_column": EVIL}),
    ),
    "text": (
        Answer(f"One {EVIL}\nand two"),
        Answer(""),
        Asked((TEXT, column("text")), {"text": EVIL}, {"answer_column": EVIL}),
    ),
    "number": (
        Answer(3.5, {"distribution": [1.0, 2.0, 3.0, 9.0]}),
        Answer(-2.0),
        Asked((TEXT, column("number")), {"text": EVIL}, {"answer_column": "4,5"}),
    ),
    "spans": (
        Answer([PIECE]),
        Answer([]),
        Asked(
            (TEXT, column("spans")),
            {"text": f"Ann met {EVIL}"},
            {"answer_column": json.dumps([{"start": 8, "end": 12, "label": EVIL}])},
        ),
    ),
    "boxes": (
        Answer([{**BOX, "label": EVIL}], {"width": 100, "height": 80}),
        Answer([BOX, {**BOX, "score": 0.1}], {"width": 100, "height": 80}),
        Asked(
            (IMAGE, column("boxes")),
            {"image": f"/tmp/{EVIL}.png"},
            {"answer_column": json.dumps([{"box": [1, 2, 3, 4], "label": EVIL}])},
        ),
    ),
    "regions": (
        Answer([{**REGION, "label": "background"}, {**REGION, "label": EVIL}], DETAILS),
        Answer([{**REGION, "share": 0.1}], DETAILS),
        Asked(
            (IMAGE, column("mask")),
            {"image": f"/tmp/{EVIL}.png"},
            {"answer_column": json.dumps({"mask": "masks/a.png", "labels": [EVIL]})},
        ),
    ),
}


def test_every_kind_is_looked_at() -> None:
    assert set(CASES) == set(ANSWERS.names)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("known", ["all", "no truth", "no before"])
def test_it_is_drawn_and_data_stays_text(name: str, known: str) -> None:
    answer, before, asked = CASES[name]
    if known == "no truth":
        asked = Asked(asked.columns, asked.cells)
    html = ANSWERS[name].html(answer, None if known == "no before" else before, asked)
    shown = html + ANSWERS[name].truth(asked)
    assert html and "<img src=x" not in html
    assert ("before training" in html.lower()) == (known != "no before")
    assert ("right answer" in shown.lower()) == (known != "no truth")


@pytest.mark.parametrize("name", CASES)
def test_files_terminals_and_tables_get_plain_values(name: str) -> None:
    kind, (answer, before, _) = ANSWERS[name], CASES[name]
    cells = kind.cells(answer)
    assert next(iter(cells)) == "predicted" and json.loads(json.dumps(cells)) == cells
    assert list(cells) == list(kind.cells(before)), "every answer fills the same columns"
    assert kind.lines(answer) and all("\n" not in line for line in kind.lines(before))
    assert kind.short(answer) and kind.short(before)
    tones = [kind.cell(answer, marks)["tone"] for marks in ([RIGHT], ["x", WRONG], ["x"], [])]
    assert tones == ["good", "bad", "neutral", "neutral"]


def test_a_label_brings_its_probabilities() -> None:
    answer = CASES["label"][0]
    assert ANSWERS["label"].cells(answer) == {"predicted": "cat", "confidence": 0.9, f"p_{EVIL}": 0.1, "p_cat": 0.9}
    assert ANSWERS["label"].lines(answer) == [" 90.0%  cat", f" 10.0%  {EVIL}"]


def test_a_number_lies_among_those_of_the_training_examples() -> None:
    answer, before, asked = CASES["number"]
    html = ANSWERS["number"].html(answer, before, asked)
    assert "-2 to 9; After training 3.5; Before training -2; The right answer 4.5" in html
    assert ANSWERS["number"].cells(answer) == {"predicted": 3.5} and ANSWERS["number"].lines(answer) == ["3.5"]
    assert ANSWERS["number"].html(Answer(7.0), None, Asked((TEXT,), {"text": "x"})).count("ui-histogram-marker") == 1


def test_quantiles_are_drawn_out_to_what_they_stand_for() -> None:
    drawn = between([10, 0, 1])
    assert (drawn[0], drawn[-1], len(drawn)) == (0, 10, 1000) and drawn == sorted(drawn)
    assert sum(number < 1 for number in drawn) == 500, "the middle one parts them in halves"
    assert between([]) == [] and between([3]) == [3]


@pytest.mark.parametrize("name", ["spans", "boxes", "regions"])
def test_a_class_has_its_colour_even_where_it_is_the_only_one_that_is_found(name: str) -> None:
    answer, _, asked = CASES[name]
    html = ANSWERS[name].html(answer, None, Asked(asked.columns, asked.cells, classes=("!", EVIL)))
    assert "ui-colour-1" in html and "ui-colour-0" not in html


def test_spans_are_marked_in_the_text_with_their_labels() -> None:
    pieces = [
        {"start": 0, "end": 3, "label": "person", "text": "Ann", "score": 0.98},
        {"start": 8, "end": 14, "label": "place", "text": "Berlin", "score": 0.5},
    ]
    answer, asked = Answer(pieces), Asked((TEXT,), {"text": "Ann saw Berlin."})
    html = ANSWERS["spans"].html(answer, None, asked)
    assert ">Ann<span" in html and "person 98%" in html and " saw <mark" in html and "place 1" in html
    assert ANSWERS["spans"].short(answer) == "Ann (person), Berlin (place)"
    assert ANSWERS["spans"].lines(answer)[0] == " 98%  person  Ann  (0-3)"
    assert ANSWERS["spans"].lines(Answer([])) == ["Nothing was marked."]
    assert json.loads(ANSWERS["spans"].cells(answer)["predicted"]) == pieces


def test_boxes_are_framed_with_what_is_there_dashed() -> None:
    answer, before, asked = CASES["boxes"]
    html = ANSWERS["boxes"].html(answer, before, asked)
    assert html.count('<rect class="ui-frame ') == 5 and html.count("ui-frame-dashed") == 2
    assert 'viewBox="0 0 100 80"' in html and "Nothing was found" not in html
    assert html.count('type="radio"') == 5 and html.count("ui-score-set") == 1
    kind = ANSWERS["boxes"]
    assert kind.short(before) == "1 cat", "what the model hardly believes is not counted"
    assert kind.short(Answer([], {"width": 1, "height": 1})) == "nothing found"
    assert kind.lines(before)[0] == " 90.0%  cat  (left 10, top 20, 30 x 40 pixels)"
    assert kind.html(answer, Answer([], answer.details), asked).count("Nothing was found.") == 1


def test_regions_are_coloured_in_without_the_background(tmp_path: Path) -> None:
    there = numpy.zeros((4, 4), "uint8")
    there[:, 2:] = 1
    for name, pixels in (("a.png", there), ("masks/a.png.png", there)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name)
    answer, before, asked = CASES["regions"]
    cell = json.dumps({"mask": "masks/a.png.png", "labels": ["background", "cat"]})
    asked = Asked(asked.columns, {"image": str(tmp_path / "a.png")}, {"answer_column": cell})
    html = ANSWERS["regions"].html(answer, before, asked)
    assert html.count('<i class="ui-region') == 3 and "cat 50%" in html and html.count('type="radio"') == 5
    nothing = Answer([{**REGION, "label": "background"}], DETAILS)
    kind = ANSWERS["regions"]
    assert kind.html(nothing, None, asked).count("Nothing is marked.") == 1 and kind.short(nothing) == "nothing marked"
    assert kind.short(before) == "cat 10%" and kind.lines(answer)[0] == " 25.0%  background"
    assert kind.weight(answer, {"mask": cell}) > kind.weight(before, {"mask": cell}) > 0


def test_what_was_asked_is_found_by_its_field() -> None:
    pair = (Column("first", "First", "text", ""), Column("second", "Second", "text", ""), column("label"))
    asked = Asked(pair, {"second": "b", "first": "a"}, {"answer_column": "x"})
    assert asked.given("text") == "a" and asked.given("image") == "" and asked.right("label") == "x"
    assert asked.right("number") is None and Asked(pair, {}).right("label") is None


def test_when_words_are_said_is_drawn_and_written() -> None:
    answer = Answer("so it", {"times": [[0.0, 0.42, "so"], [0.5, 1.25, EVIL]]})
    drawn = ANSWERS["text"].html(answer, None, Asked((TEXT,), {"text": ""}, {}))
    assert "0.5 to 1.2 s" in drawn and "<img" not in drawn
    assert ANSWERS["text"].cells(answer)["times"] == f"0.00-0.42 so; 0.50-1.25 {EVIL}"
