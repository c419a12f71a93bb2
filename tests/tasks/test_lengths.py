"""How long a text may be, and how short ones are filled up."""

from pathlib import Path
from typing import Any

import pandas
import pytest
from prepared import prepare_table
from transformers import BertConfig

from studio.engine.preparation import Prepared
from studio.tasks.base import Tools
from studio.tasks.texts import PadTexts, longest_text

TEXTS = ["good", "a bad film with some music", "the story was very lovely and it felt super happy"] * 4


def prepare(model: Path, **options: Any) -> Prepared:
    rows = len(TEXTS)
    table = pandas.DataFrame({"row": range(1, rows + 1), "text": TEXTS, "label": ["bad", "good"] * (rows // 2)})
    table["split"] = ["train"] * (rows - 4) + ["validation"] * 2 + ["test"] * 2
    return prepare_table("text-classification", table, model, **options)


def test_long_texts_are_cut(text_model: Path) -> None:
    short = prepare(text_model, max_length=8)
    assert max(short.lengths("train")) == 8 and min(short.lengths("train")) == 3  # type: ignore[type-var]
    item = short.examples["train"][2]["input_ids"]
    assert item[0] == 2 and item[-1] == 3  # with [CLS] and [SEP]
    longest = prepare(text_model, max_length=8192)
    assert max(longest.lengths("train")) == 12  # type: ignore[type-var]

    class Tokenizer:
        model_max_length = 10**30

    assert longest_text(8192, Tools(Tokenizer, BertConfig(max_position_embeddings=512), None)) == 512
    assert longest_text(128, Tools(Tokenizer, BertConfig(), None)) == 128


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding(side: str) -> None:
    batch = PadTexts(9, side)([{"input_ids": [1, 2, 3], "labels": 0}, {"input_ids": [4], "labels": 1}])
    assert batch["input_ids"].tolist() == [[1, 2, 3], [9, 9, 4] if side == "left" else [4, 9, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1] if side == "left" else [1, 0, 0]]
    assert batch["labels"].tolist() == [0, 1]
    assert "labels" not in PadTexts(9)([{"input_ids": [1]}])
