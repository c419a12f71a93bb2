"""Models that are built without memory have the structure of those that training loads."""

import functools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import families
import kinds
import pytest
import torch
import transformers as t
from transformers.utils.import_utils import BACKENDS_MAPPING

from studio.errors import StudioError
from studio.models.architecture import Architecture
from studio.models.heads import head_names, structure_of_model
from studio.models.kind import ModelKind
from studio.models.local import describe_folder
from studio.models.meta_model import build_architecture
from studio.models.structure import Structure

GROUPS = ("embeddings", "blocks", "tail", "head", "fixed", "tied")


def described(folder: Path, auto_class: str, adapt: Any = lambda model: frozenset()) -> Architecture:
    info = describe_folder(folder)
    kind = ModelKind(auto_class, "processor", "a-task")
    return build_architecture(folder, info.config, info.tensors, kind, {}, adapt)


def loaded(folder: Path, auto_class: str, classes: int) -> tuple[Any, Structure]:
    """The model as training loads it, with its weights, and its structure."""
    config = t.AutoConfig.from_pretrained(folder)
    config.num_labels, config.architectures = classes, config.architectures or []
    model, report = getattr(t, auto_class).from_pretrained(
        folder, config=config, ignore_mismatched_sizes=True, output_loading_info=True
    )
    lacking = {*report["missing_keys"], *(entry[0] for entry in report["mismatched_keys"])}
    known = {name for name, _ in model.named_parameters()}
    return model, structure_of_model(model, head_names(model) | (lacking & known))


def assert_same(one: Structure, other: Structure) -> None:
    assert list(one.shapes.items()) == list(other.shapes.items())
    for group in GROUPS:
        assert getattr(one, group) == getattr(other, group), group


@pytest.mark.parametrize("with_head", [False, True], ids=["body", "with-head"])
@pytest.mark.parametrize("family", families.FAMILIES)
def test_a_family_is_described_as_it_is_loaded(family: str, with_head: bool, tmp_path: Path) -> None:
    """From a body alone and from a model with another number of classes."""
    families.build(family, classes=7, with_head=with_head).save_pretrained(tmp_path)
    texts = family in families.TEXT_FAMILIES
    auto_class = f"AutoModelFor{'Sequence' if texts else 'Image'}Classification"
    architecture = described(tmp_path, auto_class)
    model, structure = loaded(tmp_path, auto_class, 3)
    assert_same(architecture.with_labels(3).structure, structure)
    assert architecture.model_class == type(model).__name__ and architecture.dtype == "float32"
    assert architecture.checkpoints_gradients == model.supports_gradient_checkpointing


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_other_kinds_are_described_as_they_are_loaded(kind: str, tmp_path: Path) -> None:
    model = kinds.build(kind, classes=7)
    model.save_pretrained(tmp_path)
    auto_class = kinds.KINDS[kind][0]
    architecture = described(tmp_path, auto_class)
    assert_same(architecture.with_labels(4).structure, loaded(tmp_path, auto_class, 4)[1])
    assert_same(architecture.with_labels(7).structure, structure_of_model(model, head_names(model)))
    assert Architecture.from_dict(json.loads(json.dumps(architecture.as_dict()))) == architecture


def test_what_a_task_adds_is_counted(tmp_path: Path) -> None:
    families.build("bert").save_pretrained(tmp_path)

    def add_a_layer(model: Any) -> frozenset[str]:
        with torch.device(model.device):
            model.add_module("extra", torch.nn.Linear(5, 7))
        return frozenset({"extra.weight", "extra.bias"})

    structure = described(tmp_path, "AutoModelForSequenceClassification", add_a_layer).structure
    assert structure.shapes["extra.weight"] == (7, 5) and {"extra.weight", "extra.bias"} <= set(structure.head)


def test_the_number_format_is_that_of_the_files(tmp_path: Path) -> None:
    kinds.build("llama").to(torch.bfloat16).save_pretrained(tmp_path)
    assert described(tmp_path, kinds.LANGUAGE).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("family", "auto_class", "words"),
    [
        ("resnet", "AutoModelForSequenceClassification", "cannot be taught this task"),
        ("bert", kinds.DETECTION, "cannot be taught this task"),
    ],
)
def test_a_model_of_another_kind_is_refused(family: str, auto_class: str, words: str, tmp_path: Path) -> None:
    families.build(family).save_pretrained(tmp_path)
    with pytest.raises(StudioError, match=words):
        described(tmp_path, auto_class)


def test_an_unknown_kind_and_a_missing_package_are_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kind = tmp_path / "model", ModelKind(kinds.DETECTION, "image_processor", "object-detection")
    monkeypatch.setitem(BACKENDS_MAPPING, "timm", (lambda: False, "{0} needs timm"))
    with pytest.raises(StudioError, match="not known here"):
        build_architecture(folder, {"model_type": "none-such"}, {}, kind, {}, lambda model: frozenset())
    timm = {"model_type": "detr", "use_timm_backbone": True, "backbone": "resnet50", "backbone_config": None}
    with pytest.raises(StudioError, match="needs a package") as caught:
        build_architecture(folder, timm, {}, kind, {}, lambda model: frozenset())
    assert "timm" in caught.value.explanation.why


def test_weights_that_lack_a_part_of_the_body_are_refused(tmp_path: Path) -> None:
    model = families.build("bert")
    state = {name: tensor for name, tensor in model.state_dict().items() if "layer.1.output" not in name}
    model.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(StudioError, match="incomplete") as caught:
        described(tmp_path, "AutoModelForSequenceClassification")
    assert "bert.encoder.layer.1.output" in caught.value.explanation.why


@functools.cache
def seven_billion() -> dict[str, Any]:
    config = t.LlamaConfig(pad_token_id=0, dtype="bfloat16")  # its sizes are those of Llama 2 7B
    return config.to_dict()


def test_seven_billion_parameters_take_seconds_and_no_memory(tmp_path: Path) -> None:
    kind = ModelKind(kinds.LANGUAGE, "tokenizer", "text-generation")
    build_architecture(tmp_path, t.LlamaConfig(**kinds.sizes(1)).to_dict(), {}, kind, {}, lambda model: frozenset())
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    architecture = build_architecture(tmp_path, seven_billion(), {}, kind, {}, lambda model: frozenset())
    spent, after = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    structure = architecture.structure
    assert structure.total == 6_738_415_616 and len(structure.blocks) == 32 and structure.head == ()
    assert architecture.dtype == "bfloat16" and architecture.checkpoints_gradients
    assert spent < 5
    kilobytes = 1 if sys.platform != "darwin" else 1024
    assert (after - before) / kilobytes < 200_000  # of 27,000,000 that the numbers would take
