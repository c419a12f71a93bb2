"""Texts: problems, preparation, kept and new heads, answers that do not depend on their neighbours."""

import csv
import json
import shutil
from pathlib import Path

import pandas
import pytest
import torch
from prepared import prepare_table
from transformers import AutoModelForSequenceClassification

from studio.engine.answering import answer_rows
from studio.engine.preparation import Prepared
from studio.errors import StudioError
from studio.tasks import TASKS
from studio.tasks.loading import Bundle

TASK = TASKS["text-classification"]


@pytest.fixture(scope="module")
def table(reviews: Path) -> pandas.DataFrame:
    rows = list(csv.DictReader(reviews.open(encoding="utf-8")))
    frame = pandas.DataFrame(rows)
    frame["row"] = range(1, len(frame) + 1)
    frame["split"] = ["train"] * 60 + ["validation"] * 10 + ["test"] * 10
    return frame


def prepared(table: pandas.DataFrame, folder: Path, **options) -> Prepared:
    return prepare_table(TASK.name, table, folder, **options)


def with_head(text_model: Path, folder: Path, labels: tuple[str, ...]) -> Path:
    shutil.copytree(text_model, folder)
    torch.manual_seed(99)
    model = AutoModelForSequenceClassification.from_pretrained(
        text_model,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={n: i for i, n in enumerate(labels)},
    )
    model.save_pretrained(folder)
    return folder


def test_preparation(table, text_model):
    found = prepared(table, text_model, max_length=10)
    assert found.tools.labels == ("bad", "good")
    assert found.model.config.id2label == {0: "bad", 1: "good"}
    assert {split: len(items) for split, items in found.examples.items()} == {
        "train": 60,
        "validation": 10,
        "test": 10,
    }
    assert found.new_parameters == {"classifier.weight", "classifier.bias"}
    assert max(found.lengths("train")) == 10
    assert [len(item["input_ids"]) for item in found.examples["test"]] == found.lengths("test")
    expected = [found.tools.labels.index(label) for label in table[table["split"] == "test"]["label"]]
    assert [item["labels"] for item in found.examples["test"]] == expected


def test_a_batch_is_as_wide_as_its_longest_text(table, text_model):
    found = prepared(table, text_model)
    items = [found.examples["train"][i] for i in range(4)]
    batch = found.collate(items)
    lengths = torch.tensor(found.lengths("train")[:4])
    assert batch["input_ids"].shape == (4, lengths.max())
    assert torch.equal(batch["attention_mask"].sum(1), lengths)
    output = found.model(**batch)
    assert output.loss.dim() == 0 and output.logits.shape == (4, 2)


def test_the_same_seed_begins_with_the_same_head(table, text_model):
    first, second = (prepared(table, text_model).model.classifier.weight for _ in range(2))
    assert torch.equal(first, second)


def test_a_head_with_the_same_labels_is_kept_in_its_order(table, text_model, tmp_path):
    folder = with_head(text_model, tmp_path / "model", ("good", "bad"))
    stored = AutoModelForSequenceClassification.from_pretrained(folder).classifier.weight
    found = prepared(table, folder)
    assert found.tools.labels == ("good", "bad")
    assert torch.equal(found.model.classifier.weight, stored)
    assert found.new_parameters == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("labels", [("x", "y"), ("x", "y", "z")], ids=["as-many", "more"])
def test_a_head_with_other_labels_begins_anew(labels, table, text_model, tmp_path):
    folder = with_head(text_model, tmp_path / "model", labels)
    stored = AutoModelForSequenceClassification.from_pretrained(folder).classifier.weight
    found = prepared(table, folder)
    assert found.tools.labels == ("bad", "good")
    assert found.model.classifier.weight.shape == (2, 32)
    assert not torch.equal(found.model.classifier.weight, stored[:2])
    assert not found.model.classifier.weight.isnan().any()


def test_answers_do_not_depend_on_the_texts_beside_them(table, text_model):
    found = prepared(table, text_model)
    bundle = Bundle(TASK, found.model.eval(), found.tools)
    rows = [{"text": text} for text in table["text"][:40]]
    together = answer_rows(bundle, rows)
    for row, answer in list(zip(rows, together, strict=True))[::13]:
        (alone,) = answer_rows(bundle, [row])
        assert alone.details["probabilities"] == pytest.approx(answer.details["probabilities"], abs=1e-5)
    assert answer_rows(bundle, []) == []


def test_a_model_without_tokenizer_is_refused(table, text_model, tmp_path):
    shutil.copytree(text_model, tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer*", "special*"))
    with pytest.raises(StudioError, match="no tokenizer"):
        prepared(table, tmp_path / "model")


def test_pickled_weights_are_refused(table, text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (Path(folder) / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(StudioError, match="can run any program"):
        prepared(table, Path(folder))


def test_an_image_model_is_refused(table, image_model, text_model, tmp_path):
    folder = Path(shutil.copytree(image_model, tmp_path / "model"))
    for file in text_model.glob("*token*"):
        shutil.copy(file, folder)
    with pytest.raises(StudioError, match="cannot be taught this task"):
        prepared(table, folder)


def test_incomplete_weights_are_refused(table, text_model, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(text_model, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    save_file(
        {n: w for n, w in weights.items() if ".layer.1." not in n}, folder / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(StudioError, match="incomplete"):
        prepared(table, folder)


def test_mean_pooling_is_for_bert_alone(table, text_model, tmp_path):
    from families import build

    build("distilbert", with_head=False).save_pretrained(tmp_path)
    for file in text_model.glob("*token*"):
        shutil.copy(file, tmp_path)
    with pytest.raises(StudioError, match="Mean pooling does not fit"):
        prepared(table, tmp_path, pooling="mean")


def test_a_left_padding_decoder_without_padding_token(table, text_model, tmp_path):
    """A GPT has no padding token of its own; it then pads with the token that ends a text."""
    from families import build
    from transformers import AutoTokenizer

    build("gpt2", with_head=False).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(text_model)
    tokenizer.pad_token, tokenizer.eos_token = None, "[SEP]"
    tokenizer.save_pretrained(tmp_path)
    settings = tmp_path / "tokenizer_config.json"
    values = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({**values, "padding_side": "left"}), encoding="utf-8")
    found = prepared(table, tmp_path)
    batch = found.collate([found.examples["train"][i] for i in range(4)])
    assert bool((batch["attention_mask"][:, -1] == 1).all())
    found.model.eval()
    alone = found.collate([found.examples["train"][0]])
    together = found.model(**batch).logits[0]
    assert torch.allclose(found.model(**alone).logits[0], together, atol=1e-5)
