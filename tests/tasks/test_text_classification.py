"""Texts: problems, preparation, kept and new heads, answers that do not depend on their neighbours."""

import csv
import json
import shutil
from pathlib import Path

import pandas
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from studio.errors import StudioError
from studio.tasks import TASKS
from studio.tasks.base import Bundle, Spec

TASK = TASKS["text-classification"]


@pytest.fixture(scope="module")
def table(reviews: Path) -> pandas.DataFrame:
    rows = list(csv.DictReader(reviews.open(encoding="utf-8")))
    frame = pandas.DataFrame(rows)
    frame["row"] = range(1, len(frame) + 1)
    frame["split"] = ["train"] * 60 + ["validation"] * 10 + ["test"] * 10
    return frame


def spec(table: pandas.DataFrame, folder: Path, **options) -> Spec:
    return Spec(table, None, folder, TASK.Options(**options), seed=3)


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


def test_problems_of_rows():
    table = pandas.DataFrame({"row": [1, 2, 3], "text": ["fine", "  ", "x" * 5000], "label": ["a", "b", "a"]})
    empty, long = TASK.check(table, None)
    assert (empty.row, empty.drops, empty.column) == (2, True, "text")
    assert (long.row, long.drops) == (3, False)


def test_preparation(table, text_model):
    prepared = TASK.prepare(spec(table, text_model, max_length=10))
    assert prepared.labels == ("bad", "good")
    assert prepared.model.config.id2label == {0: "bad", 1: "good"}
    assert {split: len(items) for split, items in prepared.datasets.items()} == {
        "train": 60,
        "validation": 10,
        "test": 10,
    }
    assert prepared.new_parameters == {"classifier.weight", "classifier.bias"}
    assert max(prepared.lengths["train"]) == 10
    assert [len(item["input_ids"]) for item in prepared.datasets["test"]] == prepared.lengths["test"]
    expected = [prepared.labels.index(label) for label in table[table["split"] == "test"]["label"]]
    assert [item["labels"] for item in prepared.datasets["test"]] == expected


def test_a_batch_is_as_wide_as_its_longest_text(table, text_model):
    prepared = TASK.prepare(spec(table, text_model))
    items = [prepared.datasets["train"][i] for i in range(4)]
    batch = prepared.collate(items)
    lengths = torch.tensor(prepared.lengths["train"][:4])
    assert batch["input_ids"].shape == (4, lengths.max())
    assert torch.equal(batch["attention_mask"].sum(1), lengths)
    output = prepared.model(**batch)
    assert output.loss.dim() == 0 and output.logits.shape == (4, 2)


def test_the_same_seed_begins_with_the_same_head(table, text_model):
    first, second = (TASK.prepare(spec(table, text_model)).model.classifier.weight for _ in range(2))
    assert torch.equal(first, second)


def test_a_head_with_the_same_labels_is_kept_in_its_order(table, text_model, tmp_path):
    folder = with_head(text_model, tmp_path / "model", ("good", "bad"))
    stored = AutoModelForSequenceClassification.from_pretrained(folder).classifier.weight
    prepared = TASK.prepare(spec(table, folder))
    assert prepared.labels == ("good", "bad")
    assert torch.equal(prepared.model.classifier.weight, stored)
    assert prepared.new_parameters == {"classifier.weight", "classifier.bias"}


@pytest.mark.parametrize("labels", [("x", "y"), ("x", "y", "z")], ids=["as-many", "more"])
def test_a_head_with_other_labels_begins_anew(labels, table, text_model, tmp_path):
    folder = with_head(text_model, tmp_path / "model", labels)
    stored = AutoModelForSequenceClassification.from_pretrained(folder).classifier.weight
    prepared = TASK.prepare(spec(table, folder))
    assert prepared.labels == ("bad", "good")
    assert prepared.model.classifier.weight.shape == (2, 32)
    assert not torch.equal(prepared.model.classifier.weight, stored[:2])
    assert not prepared.model.classifier.weight.isnan().any()


def test_answers_do_not_depend_on_the_texts_beside_them(table, text_model):
    prepared = TASK.prepare(spec(table, text_model))
    bundle = Bundle(prepared.model.eval(), prepared.processor, prepared.labels, TASK.Options())
    texts = list(table["text"][:40])
    together = TASK.predict(bundle, texts)
    for text, answer in list(zip(texts, together, strict=True))[::13]:
        (alone,) = TASK.predict(bundle, [text])
        assert alone.probabilities == pytest.approx(answer.probabilities, abs=1e-5)
    assert TASK.predict(bundle, []) == []


def test_a_model_without_tokenizer_is_refused(table, text_model, tmp_path):
    shutil.copytree(text_model, tmp_path / "model", ignore=shutil.ignore_patterns("tokenizer*", "special*"))
    with pytest.raises(StudioError, match="no tokenizer"):
        TASK.prepare(spec(table, tmp_path / "model"))


def test_pickled_weights_are_refused(table, text_model, tmp_path):
    folder = shutil.copytree(text_model, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    (Path(folder) / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(StudioError, match="can run code"):
        TASK.prepare(spec(table, Path(folder)))


def test_a_picture_model_is_refused(table, image_model, text_model, tmp_path):
    folder = Path(shutil.copytree(image_model, tmp_path / "model"))
    for file in text_model.glob("*token*"):
        shutil.copy(file, folder)
    with pytest.raises(StudioError, match="cannot be taught this task"):
        TASK.prepare(spec(table, folder))


def test_incomplete_weights_are_refused(table, text_model, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(text_model, tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    save_file(
        {n: w for n, w in weights.items() if ".layer.1." not in n}, folder / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(StudioError, match="incomplete"):
        TASK.prepare(spec(table, folder))


def test_mean_pooling_is_for_bert_alone(table, text_model, tmp_path):
    from families import build

    build("distilbert", with_head=False).save_pretrained(tmp_path)
    for file in text_model.glob("*token*"):
        shutil.copy(file, tmp_path)
    with pytest.raises(StudioError, match="Mean pooling does not fit"):
        TASK.prepare(spec(table, tmp_path, pooling="mean"))


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
    prepared = TASK.prepare(spec(table, tmp_path))
    batch = prepared.collate([prepared.datasets["train"][i] for i in range(4)])
    assert bool((batch["attention_mask"][:, -1] == 1).all())
    prepared.model.eval()
    alone = prepared.collate([prepared.datasets["train"][0]])
    together = prepared.model(**batch).logits[0]
    assert torch.allclose(prepared.model(**alone).logits[0], together, atol=1e-5)
