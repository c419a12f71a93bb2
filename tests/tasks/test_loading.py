"""Pretrained models: heads that are kept or newly initialised, and models that cannot be used."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    set_seed,
)

from studio.data.fields import FIELDS
from studio.errors import StudioError
from studio.metrics import METRICS
from studio.models.kind import ModelKind
from studio.tasks import TASKS
from studio.tasks.classes import label_maps
from studio.tasks.loading import load_pretrained, load_processor


@pytest.fixture
def with_head(tmp_path: Path, text_model: Path) -> Path:
    """A checkpoint whose head knows the classes no and yes, in the order yes, no."""
    set_seed(1)
    config = BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        num_labels=2, id2label={0: "yes", 1: "no"}, label2id={"yes": 0, "no": 1},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(tmp_path / "yes-no")
    for file in text_model.glob("*token*"):
        shutil.copy(file, tmp_path / "yes-no")
    return tmp_path / "yes-no"


def load(folder: Path, names: tuple[str, ...], task: str = "text-classification") -> Any:
    torch.manual_seed(3)
    values = {**label_maps(names), "problem_type": "single_label_classification"}
    return load_pretrained(TASKS[task], folder, TASKS[task].Options(), values).model


@pytest.mark.parametrize("names", [("bad", "good"), ("a", "b", "c")])
def test_a_head_for_other_classes_begins_anew(names: tuple[str, ...], with_head: Path) -> None:
    model = load(with_head, names)
    stored = load_file(with_head / "model.safetensors")
    assert tuple(model.config.id2label.values()) == names and model.classifier.weight.shape == (len(names), 16)
    assert not any(torch.equal(row, old) for row in model.classifier.weight for old in stored["classifier.weight"])
    assert model.classifier.bias.abs().max() == 0
    assert torch.equal(model.bert.embeddings.word_embeddings.weight, stored["bert.embeddings.word_embeddings.weight"])
    again = load(with_head, names)
    assert torch.equal(again.classifier.weight, model.classifier.weight)  # on the seed


def test_weights_in_half_precision_train_in_fp32(with_head: Path) -> None:
    path = with_head / "model.safetensors"
    save_file({name: t.half() for name, t in load_file(path).items()}, path, metadata={"format": "pt"})
    model = load(with_head, ("no", "yes"))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_incomplete_weights_are_refused(with_head: Path) -> None:
    path = with_head / "model.safetensors"
    kept = {name: tensor for name, tensor in load_file(path).items() if "attention.self.query" not in name}
    save_file(kept, path, metadata={"format": "pt"})
    with pytest.raises(StudioError, match=r"incomplete.*query"):
        load(with_head, ("no", "yes"))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(StudioError, match="cannot be read"):
        load(with_head, ("no", "yes"))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [(None, "no config.json"), ("{", "damaged"), ('{"model_type": "nothing-known"}', "not known here"),
     ('{"model_type": "vit"}', "cannot be taught this task")],
)  # fmt: skip
def test_unusable_folders(config: str | None, sentence: str, with_head: Path) -> None:
    (with_head / "config.json").unlink()
    if config is not None:
        (with_head / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(StudioError, match=sentence):
        load(with_head, ("no", "yes"))


def test_code_of_a_repository_does_not_run(with_head: Path) -> None:
    """A folder that brings its own classes is refused, and its code never gets a turn."""
    config = json.loads((with_head / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (with_head / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ran = with_head / "ran"
    (with_head / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\n", encoding="utf-8")
    with pytest.raises(StudioError):
        load(with_head, ("no", "yes"))
    assert not ran.exists()


def test_statistics_of_a_mobilenet_are_not_those_of_the_last_batch(tmp_path: Path) -> None:
    config = MobileNetV2Config(depth_multiplier=0.35, image_size=32, num_labels=2)
    MobileNetV2ForImageClassification(config).save_pretrained(tmp_path)
    model = load(tmp_path, ("no", "yes"), "image-classification")
    momenta = {module.momentum for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)}
    assert momenta == {0.1}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_task_says_what_people_need(task: Any) -> None:
    assert task.title and task.sentence.endswith(".") and task.icon
    assert task.group and task.inputs
    assert all(column.kind in FIELDS for column in task.columns)
    assert not {"row", "split", "answer", "marks"} & {column.name for column in task.columns}, "stored beside them"
    assert task.headline in METRICS and task.summary(("a", "b")).endswith(".")
    assert all(column.help and (column.hints or FIELDS[column.kind].gathers) for column in task.columns)
    assert task.Options() == task.Options.read(task.Options().model_dump())
    assert hasattr(transformers, task.model.auto_class)


def test_every_kind_of_processor_is_loaded_by_its_name_in_transformers(tmp_path: Path, text_model: Path) -> None:
    from transformers import Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2Processor

    (tmp_path / "vocab.json").write_text(json.dumps({"<pad>": 0, "<unk>": 1, "|": 2, "a": 3}))
    tokenizer = Wav2Vec2CTCTokenizer(str(tmp_path / "vocab.json"))
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=8000)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(tmp_path / "speech")
    extractor.save_pretrained(tmp_path / "sound")

    def loaded(processor: Any, folder: Path) -> Any:
        return load_processor(
            ModelKind("AutoModelForCTC", processor, "automatic-speech-recognition"), folder, None, False
        )

    assert loaded("feature_extractor", tmp_path / "sound").sampling_rate == 8000
    both = loaded("processor", tmp_path / "speech")
    assert both.feature_extractor.sampling_rate == 8000 and both.tokenizer.get_vocab()["a"] == 3
    with pytest.raises(StudioError, match="how its inputs must be prepared"):
        loaded("feature_extractor", text_model)
