"""An exported search model answers as the studio does, by its card's code and in sentence-transformers' way."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from trained import Finished, Inference

QUERIES = ["film story", "very long music " * 40, "the"]
TEXTS = ["the film was a story", "a happy music felt with it " * 12, "some story", "broken"]


def test_the_card_s_own_code_finds_what_the_studio_finds(
    finished: Finished, inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished["search"]
    inference.ask(op="export", run_dir=run.folder, exporter="folder", to=tmp_path / "to")
    monkeypatch.chdir(tmp_path / "to")
    code = re.search(r"```python\n(.*?)```", Path("README.md").read_text(encoding="utf-8"), re.S)
    assert code is not None
    names: dict[str, Any] = {}
    exec(code[1], names)
    rows = [{"query": query} for query in QUERIES]
    options = {"catalogue": "\n".join(TEXTS)}
    ours = inference.ask(op="predict", run_dir=run.folder, rows=rows, options=options)
    for query, answer in zip(QUERIES, ours, strict=True):
        theirs = names["ask"](query, [" ".join(text.split()) for text in TEXTS])
        assert [text for text, _score in theirs] == [each["text"] for each in answer["value"]]
        assert [score for _text, score in theirs] == pytest.approx(
            [each["score"] for each in answer["value"]], abs=1e-3
        )
    by_rows = inference.ask(op="predict", run_dir=run.folder, rows=rows)
    assert all(len(answer["value"]) == 10 for answer in by_rows), "without a catalogue the data's own is searched"
    before = inference.ask(op="predict", run_dir=run.folder, rows=rows, options=options, which="before")
    assert [each["value"] for each in before] != [each["value"] for each in ours]


def test_mean_pooling_of_plain_transformers_gives_the_same_vectors(finished: Finished) -> None:
    """sentence-transformers takes a folder without its own files for an encoder whose tokens are averaged."""
    from transformers import AutoModel, AutoTokenizer

    from studio.tasks.embedding import text_vectors

    folder = finished["search"].model
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(["a film", "the very happy music felt"], padding=True, return_tensors="pt")
    with torch.no_grad():
        tokens = model(**batch).last_hidden_state
        ours = text_vectors(model, batch["input_ids"], batch["attention_mask"], "mean")
    mask = batch["attention_mask"][..., None].float()
    theirs = torch.nn.functional.normalize((tokens * mask).sum(1) / mask.sum(1), dim=-1)
    torch.testing.assert_close(ours, theirs)
