"""The groups of a model's parameters, from live models and from files alone, over many families."""

from pathlib import Path

import pytest
from families import EXPECTED, FAMILIES, TEXT_FAMILIES, build, live_structure

from studio.models.structure import find_structure, structure_of
from studio.models.weights import shapes_in
from studio.tasks import TASKS
from studio.tasks.preview import structure_for


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_cover_every_parameter_once(family):
    structure = live_structure(build(family))
    groups = [*structure.embeddings, *structure.body, *structure.tail, *structure.head, *structure.fixed]
    assert sorted(groups) == sorted(structure.shapes)
    assert structure.total == structure.count(groups)


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_of_each_family(family):
    structure = live_structure(build(family))
    blocks, embedded, tail = EXPECTED[family]
    assert len(structure.blocks) == blocks if blocks else len(structure.blocks) > 3
    for part in embedded:
        assert any(part in name for name in structure.embeddings), part
    for part in tail:
        assert any(part in name for name in structure.tail), part
    if not tail:
        assert structure.tail == ()
    assert structure.head


def test_a_decoder_s_blocks_come_after_the_encoder_s():
    structure = live_structure(build("t5"))
    assert all("encoder" in name for block in structure.blocks[:3] for name in block)
    assert all("decoder" in name for block in structure.blocks[3:] for name in block)


def test_what_a_stage_does_between_blocks_belongs_to_one_of_them():
    swin, convnext = live_structure(build("swin")), live_structure(build("convnext"))
    assert any("layers.0.downsample" in name for name in swin.blocks[0])
    assert any("stages.1.downsampling_layer" in name for name in convnext.blocks[1])


def test_a_pretrained_block_named_as_head_is_fixed():
    shapes = {f"encoder.layer.{n}.dense.weight": (4, 4) for n in range(3)} | {"classifier.weight": (2, 4)}
    structure = find_structure(shapes, {"encoder.layer.2.dense.weight", "classifier.weight"})
    assert structure.fixed == ("encoder.layer.2.dense.weight",)
    assert len(structure.blocks) == 2
    assert structure.head == ("classifier.weight",)


@pytest.mark.parametrize("with_head", [False, True], ids=["body", "with-head"])
@pytest.mark.parametrize("family", FAMILIES)
def test_told_from_files_as_from_the_live_model(family, with_head, tmp_path: Path):
    """Counts from config.json and the safetensors header are those of the model that training will load."""
    build(family, classes=7, with_head=with_head).save_pretrained(tmp_path)
    task = TASKS["text-classification" if family in TEXT_FAMILIES else "image-classification"]
    told = structure_for(task, tmp_path, 3, task.Options())
    live = live_structure(build(family, classes=3))
    assert told.total == live.total
    assert len(told.blocks) == len(live.blocks)
    for group in ("embeddings", "body", "tail", "head"):
        assert told.count(getattr(told, group)) == live.count(getattr(live, group)), group


def test_another_task_s_head_is_not_counted(tmp_path: Path):
    from families import text_configs
    from transformers import BertForMaskedLM

    BertForMaskedLM(text_configs()["bert"]).save_pretrained(tmp_path)
    told = structure_for(TASKS["text-classification"], tmp_path, 3, TASKS["text-classification"].Options())
    assert not any("predictions" in name for name in told.shapes)


def test_shapes_leave_out_buffers(tmp_path: Path):
    model = build("resnet")
    model.save_pretrained(tmp_path)
    assert shapes_in(tmp_path) == {name: tuple(p.shape) for name, p in model.named_parameters()}


def test_shapes_of_weights_in_parts(tmp_path: Path):
    model = build("bert")
    model.save_pretrained(tmp_path, max_shard_size="10KB")
    assert not (tmp_path / "model.safetensors").exists()
    assert shapes_in(tmp_path) == {name: tuple(p.shape) for name, p in model.named_parameters()}


def test_structure_of_a_folder_takes_the_new_head_in_place_of_the_old(tmp_path: Path):
    build("mobilenet_v2", classes=1001).save_pretrained(tmp_path)
    structure = structure_of(tmp_path, {"classifier.weight": (2, 1280), "classifier.bias": (2,)})
    assert structure.count(structure.head) == 2562
