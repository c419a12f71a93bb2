"""studio predict: what is given to it, and what it prints; the model's answers are made up."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pandas
import pytest
from logs import make_run, planned, started, write

from studio import predictor as module
from studio.cli import main
from studio.commands.using import given_row
from studio.data.columns import Column
from studio.data.limits import Limits
from studio.errors import StudioError
from studio.events import Finished
from studio.exporters import EXPORTERS
from studio.paths import Home
from studio.predictor import Answered, Exchange, Step
from studio.store import Run, Store
from studio.tasks.base import Answer, Task

GOOD = Answer("good", {"probabilities": {"good": 0.75, "bad": 0.25}})


class MadeUp:
    """A predictor that finds everything good, and remembers what it was asked."""

    asked: list[Any] = []

    def warm_up(self, run: Run | None = None) -> None: ...

    def close(self) -> None: ...

    def predict(
        self, run: Run, rows: Sequence[Mapping[str, Any]], which: str = "tuned", options: Any = None
    ) -> list[Answer]:
        self.asked[:] = [*rows, *([options] if options else [])]
        return [GOOD] * len(rows)

    def predict_file(
        self, run: Run, source: str, cancelled: Event | None = None, limits: Limits | None = None, chosen: Any = None
    ) -> Exchange[dict[str, Any]]:
        self.asked[:] = [source]
        yield Step(2, 2, (Answered({"text": "a"}, GOOD), Answered({"text": ""}, None, "The text is empty.")))
        return {"rows": 2, "labels": ["bad", "good"]}


@pytest.fixture
def run(home: Home, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(module, "Predictor", MadeUp)
    made = make_run(Store(home))
    return write(made, started(), planned(), Finished(reason="completed", best_step=1, seconds=1.0))


@pytest.fixture
def many(tmp_path: Path) -> Path:
    (tmp_path / "many.csv").write_text("text\na\n\n", encoding="utf-8")
    return tmp_path / "many.csv"


@pytest.mark.parametrize("words", [["a film"], ["--input", "text=a film"]])
def test_one_answer_is_printed(run: Run, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", run.id, *words]) == 0
    assert capsys.readouterr().out == " 75.0%  good\n 25.0%  bad\n" and MadeUp.asked == [{"text": "a film"}]
    assert main(["predict", run.id, *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": run.id, **GOOD.as_dict()}
    assert main(["predict", run.id, *words, "--set", "beams=4"]) == 0 and MadeUp.asked[-1] == {"beams": 4}
    assert main(["predict", run.id, *words, "--set", "beams"]) == 2


def test_a_long_text_that_ends_like_a_file_is_a_text(run: Run) -> None:
    text = "a long text " * 500 + "about foo.csv"
    assert main(["predict", run.id, text]) == 0 and MadeUp.asked == [{"text": text}]


def test_a_text_in_another_encoding_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", run.id, b"gro\xdf".decode("utf-8", "surrogateescape")]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_answers_to_a_file_are_printed_or_written(
    run: Run, many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", run.id, str(many)]) == 0
    printed = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert printed == [
        ["text", "predicted", "confidence", "p_bad", "p_good", "problem"],
        ["a", "good", "0.75", "0.25", "0.75", ""],
        ["", "", "", "", "", "The text is empty."],
    ]
    output = tmp_path / "out.csv"
    assert main(["predict", run.id, str(many), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}\n" and MadeUp.asked == [str(many)]
    with output.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == printed
    assert main(["predict", run.id, str(many), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": run.id, "output": None}


def test_an_output_for_a_single_answer_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", run.id, "a film", "--output", "x.csv"]) == 2
    assert "--output is for a file" in capsys.readouterr().err


class Pair(Task):
    """What a task with several inputs asks for."""

    name = "pair"
    inputs = (
        Column("question", "Question", "text", ""),
        Column("map", "Map", "image", "", required=False),
    )


@pytest.mark.parametrize(
    ("alone", "named", "row"),
    [
        ("Who?", [], {"question": "Who?"}),
        (None, ["question=a=b"], {"question": "a=b"}),
        ("Who?", ["map={file}"], {"question": "Who?", "map": "{file}"}),
    ],
)
def test_inputs_are_given_alone_or_by_name(
    alone: str | None, named: list[str], row: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "map.png").write_bytes(b"x")
    found = given_row(Pair(), alone, [entry.format(file="map.png") for entry in named])
    assert found == {name: cell.format(file=tmp_path / "map.png") for name, cell in row.items()}, "files as whole paths"


@pytest.mark.parametrize(
    ("alone", "named", "sentence"),
    [
        (None, [], "--input question="),
        ("  ", [], "--input question="),
        ("Who?", ["answer=x"], "question, map"),
        ("Who?", ["map"], "NAME=VALUE"),
        ("Who?", ["map=none.png"], "no image 'none.png'"),
    ],
)
def test_inputs_that_are_missing_or_unknown_are_reported(alone: str | None, named: list[str], sentence: str) -> None:
    with pytest.raises(StudioError) as caught:
        given_row(Pair(), alone, named)
    assert sentence in str(caught.value) + str(caught.value.explanation.what_to_do)


def test_a_model_is_not_exported_over_what_lies_there(
    run: Run, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EXPORTERS["folder"], "why_not", lambda run: None)
    (tmp_path / "other.txt").touch()
    export = ["export", run.id, "--home", str(home.root), "--format", "folder", "--to", str(tmp_path)]
    assert main(export) == 2
    assert "is not empty" in capsys.readouterr().err and [file.name for file in tmp_path.iterdir()]


def test_the_test_rows_of_a_run_are_written_without_its_model(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = json.dumps(GOOD.as_dict())
    run.test_rows_file.parent.mkdir(parents=True)
    table = {"row": [3], "text": ["a film"], "label": ["bad"], "answer": [answer], "marks": [["wrong"]]}
    pandas.DataFrame(table).to_parquet(run.test_rows_file)
    assert main(["predict", run.id, "--test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names, (row, *cells) = next(csv.reader(lines)), list(csv.reader(lines))[1]
    assert names == ["row", "text", "correct", "predicted", "confidence", "p_bad", "p_good", "right"]
    assert row == "3" and cells[:4] == ["a film", "bad", "good", "0.75"]
    assert lines[1].startswith('3,"a film",'), "texts are quoted, or a semicolon in one would begin another cell"
    target = tmp_path / "tested.csv"
    assert main(["predict", run.id, "--test", "--output", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": run.id, "output": str(target)}
    assert target.read_text(encoding="utf-8-sig").splitlines() == lines
    assert main(["predict", run.id, "another", "--test"]) == 2
