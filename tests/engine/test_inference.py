"""The inference process: the tuned model and the one before training, files of inputs, errors, its end."""

import csv
import io
import json
import math
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
from logs import make_run
from trained import Finished, Inference, Workers, new_run, state_of

from studio.data.limits import Limits
from studio.engine.inference import serve
from studio.engine.resident import ResidentModels
from studio.errors import StudioError
from studio.paths import Home
from studio.store import Run, Store
from studio.tasks.loading import Bundle

NAMES = ["full", "lora", "mean", "image", "adapter", "prompt"]


def inputs_of(run: Run, rows: pandas.DataFrame, home: Path) -> list[str]:
    if "text" in rows:
        return [str(text) for text in rows["text"]]
    dataset = json.loads(run.dataset_file.read_text(encoding="utf-8"))["dataset"]
    return [str(home / dataset / "files" / name) for name in rows["image"]]


@pytest.mark.parametrize("name", NAMES)
def test_tuned_answers_are_those_of_the_evaluation(name: str, finished: Finished, inference: Inference) -> None:
    """A saved run, loaded in another process, gives the probabilities that training saw on the test split."""
    run = finished[name]
    rows = pandas.read_parquet(run.test_rows_file)
    answers = inference.predict(run, inputs_of(run, rows, finished.home.datasets))
    for answer, (_, row) in zip(answers, rows.iterrows(), strict=True):
        stored = json.loads(row["answer"])
        assert answer == pytest.approx(stored["details"]["probabilities"], abs=1e-5)
        assert list(answer.values()) == sorted(answer.values(), reverse=True)
        assert next(iter(answer)) == stored["value"]


def test_answers_are_those_of_the_evaluation_also_after_training_in_bf16(
    finished: Finished, workers: Workers, inference: Inference
) -> None:
    run = finished.new("freeze", precision="bf16", epochs=2)
    assert workers.work(run).status == "completed"
    rows = pandas.read_parquet(run.test_rows_file)
    recorded = [json.loads(answer)["details"]["probabilities"] for answer in rows["answer"]]
    for one, other in zip(inference.predict(run, rows["text"].tolist()), recorded, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_loading_a_model_prints_no_bar(finished: Finished, forking: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "errors").open("w+", encoding="utf-8") as errors:
        inference = Inference(forking, errors)
        inference.predict(finished["full"], ["A good film."], "before")
        assert inference.close() == 0
        errors.seek(0)
        printed = errors.read()
    assert "Loading weights" not in printed and "LOAD REPORT" not in printed


@pytest.mark.parametrize("name", NAMES)
def test_before_is_the_model_at_step_0(name: str, finished: Finished, inference: Inference) -> None:
    run = finished[name]
    examples = pandas.read_parquet(run.examples_file)
    rows = examples[examples["split"] == "validation"]
    answers = inference.predict(run, inputs_of(run, rows, finished.home.datasets), "before")
    right = [next(iter(answer)) == label for answer, label in zip(answers, rows["label"], strict=True)]
    losses = [-math.log(answer[label]) for answer, label in zip(answers, rows["label"], strict=True)]
    start = state_of(run).validation[0]
    assert start.step == 0
    assert sum(right) / len(right) == pytest.approx(start.metrics["accuracy"])
    assert sum(losses) / len(losses) == pytest.approx(start.metrics["loss"], abs=1e-5)


def test_a_text_is_told_while_it_is_written(finished: Finished, inference: Inference) -> None:
    rows = [{"prompt": "the film was"}]
    options = {"temperature": 0.0, "longest_answer": 12}
    *told, last = inference.messages(op="predict", run_dir=finished["talk"].folder, rows=rows, options=options)
    assert told and all(last["result"][0]["value"].startswith(message["written"]) for message in told)
    (again,) = inference.ask(op="predict", run_dir=finished["talk"].folder, rows=rows, options=options)
    assert again == last["result"][0]


def test_a_table_of_texts(finished: Finished, inference: Inference, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    texts = ["good great film", "", "bad awful story"] + ["lovely"] * 100
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "id"], *([text, n] for n, text in enumerate(texts))])
    messages = inference.messages(op="predict-file", run_dir=finished["full"].folder, input=source)
    assert messages[-1]["result"] == {"rows": 103, "labels": ["bad", "good"]}
    assert messages[0]["read"]["taken"] == {"text": "text"} and messages[0]["read"]["columns"] == ["text", "id"]
    assert [each["progress"] for each in messages[:-1]] == [
        {"done": 0, "total": 103},
        {"done": 64, "total": 103},
        {"done": 103, "total": 103},
    ]
    rows = [row for message in messages[:-1] for row in message["answered"]]
    assert [row["given"]["id"] for row in rows] == [str(n) for n in range(103)]
    assert [row["answer"]["value"] for row in rows[:3:2]] == ["good", "bad"]
    assert rows[1]["answer"] is None and rows[1]["problem"] == "The text is empty."
    limits = {"limits": Limits(rows=50).model_dump()}
    said = inference.refusal(op="predict-file", run_dir=finished["full"].folder, input=source, **limits)
    assert "50 rows" in said
    alone = inference.predict(finished["full"], ["good great film"])[0]
    assert rows[0]["answer"]["details"]["probabilities"] == pytest.approx(alone, abs=2e-6)


def test_a_file_is_read_as_the_run_s_own_data_was_or_as_somebody_chooses(
    finished: Finished, inference: Inference, workers: Workers, text_model: Path, tmp_path: Path
) -> None:
    """The run's columns were guessed and stand in no run file; its data is separated by commas."""
    data, source = tmp_path / "data.csv", tmp_path / "in.csv"
    rows = finished.reviews.read_text(encoding="utf-8").split("\n", 1)[1]
    data.write_text(f"words,kind\n{rows}", encoding="utf-8")
    run = new_run(finished.home, "text-classification", text_model, data, training={"epochs": 1})
    assert workers.work(run).has_model
    asked = {"op": "predict-file", "run_dir": run.folder, "input": source}
    source.write_text("note,words\nsome; thing,a great; film\nelse; what,a poor; story\n", encoding="utf-8")
    first, *_others = inference.messages(**asked)
    assert first["read"]["taken"] == {"text": "words"} and first["read"]["reading"]["delimiter"] == ","
    source.write_text("note;words\nsome, thing;a great film\nelse, what;a poor story\n", encoding="utf-8")
    first, *_others = inference.messages(**asked)
    assert first["read"]["taken"] == {"text": "words"} and first["read"]["reading"]["delimiter"] == ";"
    first, _answers, last = inference.messages(**asked, columns={"text": "note"}, reading={"header": True})
    assert first["read"]["taken"] == {"text": "note"} and last["result"]["rows"] == 2
    first, *_others = inference.messages(**asked, reading={"delimiter": ","})
    assert len(first["read"]["columns"]) == 2 and "words" not in first["read"]["columns"]


def test_a_zip_of_images(finished: Finished, inference: Inference, tmp_path: Path) -> None:
    import random

    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("a/one.png", tiny.image("across", random.Random(1)))
        archive.writestr("a/two.png", tiny.image("upright", random.Random(2)))
        archive.writestr("broken.jpg", b"no image")
        archive.writestr("notes.md", b"a word")
    messages = inference.messages(op="predict-file", run_dir=finished["image"].folder, input=source)
    assert messages[-1]["result"]["rows"] == 3
    rows = [row for message in messages[:-1] for row in message["answered"]]
    assert [row["given"]["image"] for row in rows] == ["a/one.png", "a/two.png", "broken.jpg"]
    assert [row["answer"]["value"] for row in rows[:2]] == ["across", "upright"]
    assert rows[2]["answer"] is None and "opened as an image" in rows[2]["problem"]


def test_a_zip_of_images_and_a_table_with_questions_about_them(
    finished: Finished, inference: Inference, tmp_path: Path
) -> None:
    import random

    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("one.png", tiny.image("across", random.Random(1)))
        archive.writestr("asked.csv", "file,question\none.png,what is left\ngone.png,what is left\none.png,\n")
    first, *between, last = inference.messages(op="predict-file", run_dir=finished["asked"].folder, input=source)
    assert first["read"]["taken"] == {"image": "image", "question": "question"}
    rows = [row for message in between for row in message["answered"]]
    assert last["result"]["rows"] == 3 and [row["given"]["image"] for row in rows] == ["one.png", "", "one.png"]
    assert rows[0]["answer"] and rows[1]["answer"] is None and "gone.png" in rows[1]["problem"]
    assert rows[2]["answer"] is None and rows[2]["problem"] == "The text is empty."
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("one.png", tiny.image("across", random.Random(1)))
    said = inference.refusal(op="predict-file", run_dir=finished["asked"].folder, input=source)
    assert "no table" in said


def test_a_zip_that_would_do_harm(finished: Finished, inference: Inference, tmp_path: Path) -> None:
    source = tmp_path / "in.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("../../away.png", b"x")
    said = inference.refusal(op="predict-file", run_dir=finished["image"].folder, input=source)
    assert "outside the archive" in said and not (tmp_path.parent / "away.png").exists()


def test_what_cannot_be_answered_is_said_and_the_next_question_is_answered(
    finished: Finished, inference: Inference, tmp_path: Path
) -> None:
    run = finished["full"]
    assert "no operation" in inference.refusal(op="sing", run_dir=run.folder)
    assert "no longer there" in inference.refusal(op="predict", run_dir=tmp_path / "none", rows=[{"text": "x"}])
    assert "no model yet" in inference.refusal(op="predict", run_dir=finished.new("full").folder, rows=[{"text": "x"}])
    assert "Known: tuned, before" in inference.refusal(
        op="predict", run_dir=run.folder, which="after", rows=[{"text": "x"}]
    )
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    asked = {"op": "predict-file", "run_dir": run.folder, "input": tmp_path / "t.csv"}
    assert "Which column" in inference.refusal(**asked)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    assert "broken.png" in inference.refusal(
        op="predict", run_dir=finished["image"].folder, rows=[{"image": str(broken)}]
    )
    assert inference.predict(run, []) == []
    assert set(inference.predict(run, ["a film"])[0]) == {"good", "bad"}


def test_idle_models_are_freed_and_the_end_of_the_questions_is_the_end() -> None:
    class Models:
        cleared = threading.Event()

        def clear(self) -> None:
            self.cleared.set()

    def questions() -> Iterator[str]:
        yield '{"id": 1, "op": "nothing"}\n'
        models.cleared.wait()
        yield "\n"

    models: Any = Models()
    answers = io.StringIO()
    serve(questions(), answers, models, idle_seconds=0.1)
    assert models.cleared.is_set() and answers.getvalue().count("\n") == 1


def test_nothing_is_loaded_ahead_while_a_request_waits(home: Home) -> None:
    """A question comes while the tuned model is being loaded."""
    folder, loaded = make_run(Store(home)).folder, list[str]()
    asked, loading = threading.Event(), threading.Event()

    class Models:
        def get(self, run: Run, which: str) -> Any:
            loaded.append(which)
            loading.set()
            asked.wait(60)
            raise StudioError("It is gone.")

    def requests() -> Iterator[str]:
        yield json.dumps({"id": 1, "op": "warm-up", "run_dir": str(folder)})
        loading.wait(60)
        yield json.dumps({"id": 2, "op": "nothing"})
        asked.set()

    answers = io.StringIO()
    serve(requests(), answers, Models(), idle_seconds=60)  # type: ignore[arg-type]
    assert loaded == ["tuned"]
    assert [json.loads(line)["id"] for line in answers.getvalue().splitlines()] == [2], "nobody waits for a warm-up"


def test_the_model_asked_longest_ago_goes_first(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(self: ResidentModels, run: Run, config: Any, which: str) -> Bundle:
        loaded.append(which)
        return Bundle(None, None, None)  # type: ignore[arg-type]

    monkeypatch.setattr(ResidentModels, "_load", load)
    models = ResidentModels(keep=2)
    for name, which in [("full", "tuned"), ("full", "before"), ("full", "tuned"), ("lora", "x"), ("full", "tuned")]:
        models.get(finished[name], which)
    assert loaded == ["tuned", "before", "x"] and len(models) == 2
    models.clear()
    assert len(models) == 0
