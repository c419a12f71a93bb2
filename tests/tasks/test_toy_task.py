"""A task that only the tests know goes the whole way: nothing but its own file and one line is needed."""

import csv
import inspect
import json
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest
import toy_task
from trained import in_this_process, new_run, state_of

from studio.engine.answering import answer_cells
from studio.engine.resident import ResidentModels
from studio.exporters import EXPORTERS
from studio.paths import Home
from studio.tasks import TASKS

ROWS = 60


@pytest.fixture
def word_count() -> Iterator[str]:
    task = TASKS.add(toy_task.WordCount())
    yield task.name
    TASKS.remove(task.name)


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    with (tmp_path / "counted.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "words"])
        writer.writerows(
            [" ".join(["film", "story", "music"][i % 3] for i in range(n % 7 + 1)), n % 7 + 1] for n in range(ROWS)
        )
    return tmp_path / "counted.csv"


def test_it_is_short() -> None:
    lines = inspect.getsource(toy_task).split("\n\n\n", 1)[1].splitlines()
    assert len([line for line in lines if line.strip()]) <= 40


def test_it_trains_answers_and_is_exported(
    word_count: str, counted: Path, text_model: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(home, word_count, text_model, counted, training={"epochs": 20, "learning_rate": 0.01})
    assert in_this_process(run, monkeypatch) == 0
    state = state_of(run)
    assert state.status == "completed" and state.best is not None and state.test is not None, state.failure
    first, best = state.validation[0].metrics["mae"], state.best.metrics["mae"]
    assert best < first / 2  # it learned, and the smallest error is the best
    assert best == min(event.metrics["mae"] for event in state.validation[1:])
    rows = pandas.read_parquet(run.test_rows_file)
    assert list(rows.columns) == ["row", "text", "words", "answer", "marks"]
    bundle = ResidentModels(1).get(run, "tuned")
    for answer, stored in zip(answer_cells(bundle, rows[["text"]].to_dict("records")), rows["answer"], strict=True):
        assert answer.value == pytest.approx(json.loads(stored)["value"], abs=1e-4)
    folder = EXPORTERS["folder"].export(run, tmp_path / "model")
    assert "Predict how many words a text has." in (folder / "README.md").read_text(encoding="utf-8")
