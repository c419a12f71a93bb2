"""Files of predictions: their columns, that a spreadsheet computes nothing of them, that nothing half is left."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from logs import make_run

from studio.app import whole_file
from studio.app.answers import ANSWERS
from studio.app.prediction_files import FileAnswers, Predictions, given_names, harmless, predict_into
from studio.data.limits import Limits
from studio.errors import StudioError
from studio.paths import Home
from studio.predictor import Answered, Exchange, FileReading, Predictor, Step
from studio.store import Run, Store
from studio.tasks import TASKS
from studio.tasks.base import Answer


def row(text: str, answer: Answer | None = None, problem: str = "") -> Answered:
    return Answered({"text": text, "predicted": "theirs"}, answer, problem)


def said(label: str, share: float = 0.75) -> Answer:
    other = "good" if label == "bad" else "bad"
    return Answer(label, {"probabilities": {label: share, other: 1 - share}})


class Asked(Predictor):
    """Answers with the given chunks, and perhaps with a failure behind them."""

    def __init__(self, *chunks: Sequence[Answered], failure: StudioError | None = None) -> None:
        self.chunks, self.failure, self.closed = chunks, failure, False

    def predict_file(
        self, run: Run, source: str, cancelled: Event | None = None, limits: Limits | None = None, chosen: Any = None
    ) -> Exchange[dict[str, Any]]:
        done, total = 0, sum(map(len, self.chunks))
        try:
            for rows in self.chunks:
                done += len(rows)
                yield Step(done, total, tuple(rows))
        finally:
            self.closed = True
        if self.failure:
            raise self.failure
        return {"rows": total, "labels": []}


@pytest.fixture
def run(home: Home) -> Run:
    return make_run(Store(home))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_given_columns_answers_and_problems_stand_side_by_side(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "below" / "out.csv"
    asked = Asked([row("", None, "The text is empty."), row("ä, b", said("good"))], [row("x", said("bad", 0.6))])
    steps = list(predict_into(asked, run, Path("in.csv"), target))
    assert [(step.done, step.total) for step in steps] == [(2, 3), (3, 3)]
    assert target.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8 by this mark"
    first, second, third = read(target)
    assert list(first) == ["text", "predicted (given)", "predicted", "confidence", "p_bad", "p_good", "problem"]
    assert list(first.values()) == ["", "theirs", "", "", "", "", "The text is empty."]
    assert list(second.values()) == ["ä, b", "theirs", "good", "0.75", "0.25", "0.75", ""]
    assert third["predicted"] == "bad" and third["p_bad"] == "0.6"


@pytest.mark.parametrize("rows", [[], [row("a", None, "no"), row("b", None, "no")]], ids=["no rows", "no answers"])
def test_without_any_answer_there_is_a_file_all_the_same(rows: list[Answered], run: Run, tmp_path: Path) -> None:
    list(predict_into(Asked(rows), run, Path("in.csv"), tmp_path / "out.csv"))
    assert [found["problem"] for found in read(tmp_path / "out.csv")] == ["no"] * len(rows)


def test_what_fails_or_is_left_leaves_what_was_there(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("an earlier one", encoding="utf-8")
    failing = Asked([row("a", said("good"))], failure=StudioError("It was cancelled."))
    with pytest.raises(StudioError, match="cancelled"):
        list(predict_into(failing, run, Path("in.csv"), target))
    leaving = Asked([row("a", said("good"))], [row("b", said("good"))])
    work = predict_into(leaving, run, Path("in.csv"), target)
    next(work)
    work.close()
    assert leaving.closed and [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.csv"]
    assert target.read_text(encoding="utf-8") == "an earlier one"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "=", "-"]
)
def test_what_a_spreadsheet_would_compute_becomes_a_text(cell: str) -> None:
    """https://owasp.org/www-community/attacks/CSV_Injection"""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-5", "-1.5", "+3.25", "-1e-05", "-1,234.5", "a=b", "", "'=1", None, -5, 0.5])
def test_numbers_and_harmless_words_stay_as_they_are(cell: Any) -> None:
    assert harmless(cell) == cell


def test_every_cell_and_every_name_of_a_file_is_made_harmless() -> None:
    file = io.StringIO()
    table = Predictions(file, ANSWERS["label"])
    evil = Answer("=x", {"probabilities": {"=x": 1.0}})
    table.add([Answered({"=given": "=cell"}, evil, ""), Answered({"=given": "b"}, None, "=why")])
    table.finish()
    assert list(csv.reader(io.StringIO(file.getvalue()))) == [
        ["'=given", "predicted", "confidence", "p_=x", "problem"],
        ["'=cell", "'=x", "1.0", "1.0", ""],
        ["b", "", "", "", "'=why"],
    ]


def test_names_that_are_taken_say_that_they_were_given() -> None:
    assert given_names(["a", "problem"], ["problem"]) == ["a", "problem (given)"]
    assert given_names(["problem", "problem (given)"], ["problem"]) == ["problem (given) (given)", "problem (given)"]
    assert given_names([], ["problem"]) == []


def test_a_file_whose_columns_are_read_together_shows_them() -> None:
    """No single column is taken for the input then."""
    read = FileReading(("city", "answer"), {}, {"header": True})
    rows = (Answered({"city": "Rome", "answer": "so <it> is"}, Answer("good", {"probabilities": {"good": 1.0}})),)
    task = TASKS["tabular-classification"]
    answered = FileAnswers("run", Path("rows.csv"), read=read, first=rows, rows=1)
    html = whole_file.answers_html(task, answered)
    assert "Rome" in html and "so &lt;it&gt; is" in html and "good" in html
    *columns, separator, header = whole_file.as_read(task, answered, 3)
    assert not any(column["visible"] for column in columns) and not separator["visible"] and header["value"] is True
