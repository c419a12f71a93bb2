"""A model of rows of a table, exported and asked in a file: the columns that it knows, whatever else stands there."""

import csv
from pathlib import Path

import pytest
from trained import Finished, Inference


def test_a_file_is_answered_by_its_columns(
    finished: Finished, inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, path = finished["table"], tmp_path / "rows.csv"
    rows = [["Rome", "lovely", "film", "was", "4", "good"], ["Oslo", "", "it", "a", "1", "bad"]] * 10
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["city", "mood", "story", "music", "stars", "label"], *rows])
    messages = inference.messages(op="predict-file", run_dir=run.folder, input=path)
    answered = [each for message in messages for each in message.get("answered", ())]
    assert len(answered) == 20 and [each["given"] for each in answered[:2]] == [
        {"city": "Rome", "mood": "lovely", "story": "film", "music": "was", "stars": "4", "label": "good"},
        {"city": "Oslo", "mood": None, "story": "it", "music": "a", "stars": "1", "label": "bad"},
    ]
    inference.ask(op="export", run_dir=run.folder, exporter="folder", to=tmp_path / "to")
    from transformers import pipeline

    ask = pipeline("text-classification", model=str(tmp_path / "to"), truncation=True)
    for text, each in zip(
        ("mood: lovely, story: film, music: was, stars: 4", "story: it, music: a, stars: 1"), answered[:2], strict=True
    ):
        said = {one["label"]: one["score"] for one in ask(text, top_k=None)}
        assert said == pytest.approx(each["answer"]["details"]["probabilities"], abs=1e-4)
    assert "record_columns" in (tmp_path / "to" / "README.md").read_text(encoding="utf-8")
