"""An exported recommender answers as the studio does, by its card's own code; a file of likes gets a row a person."""

import re
from pathlib import Path
from typing import Any

import pandas
import pytest
from trained import Finished, Inference


def test_the_card_s_own_code_recommends_what_the_studio_recommends(
    finished: Finished, inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished["liked"]
    inference.ask(op="export", run_dir=run.folder, exporter="folder", to=tmp_path / "to")
    monkeypatch.chdir(tmp_path / "to")
    code = re.search(r"```python\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.S)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    known = list(pandas.read_csv(finished.likes)["item"].unique())
    liked = [known[:1], [known[5], known[1], "a film that nobody knows"]]
    ours = inference.ask(op="predict", run_dir=run.folder, rows=[{"liked": "\n".join(each)} for each in liked])
    for each, answer in zip(liked, ours, strict=True):
        theirs = names["ask"](each)
        assert [text for text, _score in theirs] == [found["text"] for found in answer["value"]]
        scores = [found["score"] for found in answer["value"]]
        assert [score for _text, score in theirs] == pytest.approx(scores, abs=1e-3)
        assert all(found["why"] in each for found in answer["value"]) and len(scores) == 10


def test_a_file_of_likes_is_answered_for_each_person(finished: Finished, inference: Inference, tmp_path: Path) -> None:
    run, table = finished["liked"], pandas.read_csv(finished.likes)
    file = tmp_path / "new.csv"
    table[table["user"].isin(["person 3", "person 8"])].to_csv(file, index=False)
    messages = inference.messages(op="predict-file", run_dir=run.folder, input=file)
    rows = [row for message in messages[:-1] for row in message.get("answered", ())]
    assert [row["given"] for row in rows] == [{"user": "person 3"}, {"user": "person 8"}]
    for row in rows:
        liked = set(table.loc[(table["user"] == row["given"]["user"]) & (table["rating"] > 3), "item"])
        assert {found["why"] for found in row["answer"]["value"]} <= liked
        assert not liked & {found["text"] for found in row["answer"]["value"]}
