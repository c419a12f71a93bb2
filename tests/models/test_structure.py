"""The groups of a model's parameters, from live models and from files alone, over many families."""

from pathlib import Path

import pytest
from families import EXPECTED, FAMILIES, build, structure_of

from studio.model_reader import read_architecture
from studio.models.folders import weight_files
from studio.models.local import describe_folder
from studio.models.structure import find_structure
from studio.models.weights import parameters_among, tensors_in
from studio.paths import Home
from studio.tasks import TASKS


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_cover_every_parameter_once(family):
    structure = structure_of(family)
    groups = [*structure.embeddings, *structure.body, *structure.tail, *structure.head, *structure.fixed]
    assert sorted(groups) == sorted(structure.shapes)
    assert structure.total == structure.count(groups)


@pytest.mark.parametrize("family", FAMILIES)
def test_groups_of_each_family(family):
    structure = structure_of(family)
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
    structure = structure_of("t5")
    assert all("encoder" in name for block in structure.blocks[:2] for name in block)
    assert all("decoder" in name for block in structure.blocks[2:] for name in block)


def test_the_encoder_s_last_norm_goes_with_its_last_block():
    structure = structure_of("t5")
    assert "transformer.encoder.final_layer_norm.weight" in structure.blocks[1]


def test_what_a_stage_does_between_blocks_belongs_to_one_of_them():
    swin, convnext = structure_of("swin"), structure_of("convnext")
    assert any("layers.0.downsample" in name for name in swin.blocks[0])
    assert any("stages.1.downsampling_layer" in name for name in convnext.blocks[1])


def test_a_pretrained_block_named_as_head_is_fixed():
    shapes = {f"encoder.layer.{n}.dense.weight": (4, 4) for n in range(3)} | {"classifier.weight": (2, 4)}
    structure = find_structure(shapes, {"encoder.layer.2.dense.weight", "classifier.weight"})
    assert structure.fixed == ("encoder.layer.2.dense.weight",)
    assert len(structure.blocks) == 2
    assert structure.head == ("classifier.weight",)


def test_another_task_s_head_is_not_counted(tmp_path: Path, home: Home):
    from families import text_configs
    from transformers import BertForMaskedLM

    BertForMaskedLM(text_configs()["bert"]).save_pretrained(tmp_path)
    task = TASKS["text-classification"]
    structure = read_architecture(describe_folder(tmp_path), task, task.Options(), home).structure
    assert not any("predictions" in name for name in structure.shapes)
    lacking = {f"bert.pooler.dense.{part}" for part in ("weight", "bias")}  # so they begin anew, with the head
    assert set(structure.head) == {"classifier.weight", "classifier.bias"} | lacking


def test_shapes_leave_out_buffers(tmp_path: Path):
    model = build("resnet")
    model.save_pretrained(tmp_path)
    assert parameters_among(tensors_in(weight_files(tmp_path))) == {
        name: tuple(p.shape) for name, p in model.named_parameters()
    }


def test_shapes_of_weights_in_parts(tmp_path: Path):
    model = build("bert")
    model.save_pretrained(tmp_path, max_shard_size="10KB")
    assert not (tmp_path / "model.safetensors").exists()
    assert parameters_among(tensors_in(weight_files(tmp_path))) == {
        name: tuple(p.shape) for name, p in model.named_parameters()
    }
