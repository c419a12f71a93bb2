"""The groups of models that write, hear and find things in images, on tiny ones of each kind."""

import functools

import kinds
import pytest

from studio.models.heads import head_names, structure_of_model, tied_names
from studio.models.structure import Structure
from studio.strategies import STRATEGIES

# kind -> blocks, parts of names in the embeddings, in the tail, and in the head
EXPECTED: dict[str, tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "t5": (5, ("shared",), ("decoder.final_layer_norm",), ()),
    "bart": (5, ("shared", "embed_positions", "layernorm_embedding"), (), ()),
    "marian": (5, ("shared", "embed_positions"), (), ()),
    "pegasus": (5, ("shared", "embed_positions"), ("decoder.layer_norm",), ()),
    "whisper": (
        5,
        ("encoder.conv1", "encoder.conv2", "encoder.embed_positions", "decoder.embed_tokens"),
        ("decoder.layer_norm",),
        (),
    ),
    "whisper-sounds": (2, ("encoder.conv1", "encoder.conv2"), ("encoder.layer_norm",), ("projector", "classifier")),
    "wav2vec2": (3, ("feature_extractor.conv_layers", "pos_conv_embed", "encoder.layer_norm"), (), ("lm_head",)),
    "hubert": (
        3,
        ("feature_extractor.conv_layers", "feature_projection", "pos_conv_embed", "encoder.layer_norm"),
        (),
        ("projector", "classifier"),
    ),
    "gpt2": (3, ("wte", "wpe"), ("ln_f",), ()),
    "llama": (3, ("embed_tokens",), ("model.norm", "lm_head"), ()),
    "llama-tied": (3, ("embed_tokens",), ("model.norm",), ()),
    "opt": (3, ("embed_tokens", "embed_positions"), ("final_layer_norm",), ()),
    "bert-words": (3, ("word_embeddings",), (), ("classifier",)),
    "clip-images": (3, ("patch_embedding", "pre_layrnorm"), ("post_layernorm",), ("classifier",)),
    "detr": (
        10,
        ("backbone.model.embedder", "input_projection", "query_position_embeddings"),
        ("decoder.layernorm",),
        ("class_labels_classifier", "bbox_predictor"),
    ),
    "conditional-detr": (
        10,
        ("backbone.model.embedder", "input_projection", "query_scale", "ref_point_head"),
        ("decoder.layernorm",),
        ("class_labels_classifier", "bbox_predictor"),
    ),
    "deformable-detr": (
        10,
        ("backbone.model.embedder", "input_proj", "level_embed"),
        (),
        ("class_embed", "bbox_embed"),
    ),
    "two-stage-detr": (10, ("backbone.model.embedder", "input_proj"), (), ("class_embed", "bbox_embed")),
    "rt-detr": (
        14,
        ("backbone.model.embedder", "input_proj", "query_pos_head"),
        (),
        ("class_embed", "bbox_embed", "enc_score_head"),
    ),
    "rt-detr-v2": (
        14,
        ("backbone.model.embedder", "input_proj", "query_pos_head"),
        (),
        ("class_embed", "bbox_embed", "enc_score_head"),
    ),
    "yolos": (
        3,
        ("patch_embeddings", "detection_tokens"),
        ("vit.layernorm",),
        ("class_labels_classifier", "bbox_predictor"),
    ),
}
PAIRS = ("t5", "bart", "marian", "pegasus", "whisper")
WITHOUT_HEAD = (*PAIRS, "gpt2", "llama", "llama-tied", "opt")


@functools.cache
def structure_of(kind: str) -> Structure:
    model = kinds.build(kind)
    return structure_of_model(model, head_names(model))


@pytest.mark.parametrize("kind", EXPECTED)
def test_groups_of_each_kind(kind: str) -> None:
    structure = structure_of(kind)
    blocks, embedded, tail, head = EXPECTED[kind]
    assert len(structure.blocks) == blocks
    for names, parts in ((structure.embeddings, embedded), (structure.tail, tail), (structure.head, head)):
        assert all(any(part in name for name in names) for part in parts), (parts, names)
    assert all(any(part in name for part in tail) for name in structure.tail)
    assert bool(structure.head) == bool(head)
    everything = [*structure.embeddings, *structure.body, *structure.tail, *structure.head]
    assert sorted(everything) == sorted(structure.shapes)


def test_every_kind_is_known_here() -> None:
    assert set(EXPECTED) == set(kinds.KINDS)


@pytest.mark.parametrize("kind", PAIRS)
def test_the_encoder_s_blocks_come_first_and_take_its_last_norm_along(kind: str) -> None:
    structure = structure_of(kind)
    sides = [{"encoder" if "encoder." in name else "decoder" for name in block} for block in structure.blocks]
    assert sides == [{"encoder"}] * 2 + [{"decoder"}] * 3
    last = [name for name in structure.shapes if "encoder.final_layer_norm" in name or "encoder.layer_norm" in name]
    assert set(last) <= set(structure.blocks[1])


@pytest.mark.parametrize("kind", ["detr", "conditional-detr", "deformable-detr", "two-stage-detr"])
def test_a_detector_s_backbone_lies_below_its_encoder(kind: str) -> None:
    parts = ("backbone", "encoder.layers", "decoder.layers")
    where = [next(part for part in parts if part in block[0]) for block in structure_of(kind).blocks]
    assert where == ["backbone"] * 5 + ["encoder.layers"] * 2 + ["decoder.layers"] * 3


def test_the_parts_between_backbone_and_decoder_are_blocks_of_their_own() -> None:
    where = [block[0] for block in structure_of("rt-detr").blocks]
    assert all("backbone" in name for name in where[:5]) and all("decoder.layers" in name for name in where[-3:])
    assert all("model.encoder." in name for name in where[5:-3])


@pytest.mark.parametrize("kind", ["deformable-detr", "rt-detr", "rt-detr-v2", "two-stage-detr", "yolos"])
def test_all_that_depends_on_the_classes_is_head(kind: str) -> None:
    few, more = (kinds.build(kind, classes) for classes in (3, 4))
    shapes = {name: parameter.shape for name, parameter in few.named_parameters()}
    grown = {name for name, parameter in more.named_parameters() if parameter.shape != shapes[name]}
    assert grown and grown <= set(structure_of(kind).head)


@pytest.mark.parametrize("kind", ["t5", "whisper", "gpt2", "llama-tied"])
def test_a_tied_output_layer_is_the_input_layer(kind: str) -> None:
    structure = structure_of(kind)
    tied = {name: first for name, first in structure.tied.items() if name.startswith(("lm_head", "proj_out"))}
    assert tied and set(tied.values()) <= set(structure.embeddings)


@pytest.mark.parametrize("kind", WITHOUT_HEAD)
def test_without_a_new_head_blocks_are_trained_or_nothing(kind: str) -> None:
    """Freezing all blocks would leave nothing to train; so it is refused, with the reason."""
    structure, freeze = structure_of(kind), STRATEGIES["freeze"]
    assert freeze.why_not(structure) is None
    assert "no new head" in (freeze.why_not_with(structure, freeze.Options()) or "")
    options = freeze.Options.read({"last_blocks": 2})
    assert freeze.why_not_with(structure, options) is None
    model = freeze.apply(kinds.build(kind), structure, options)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {*structure.blocks[-1], *structure.blocks[-2], *structure.tail}
    assert "no new head" in (STRATEGIES["lp-ft"].why_not(structure) or "")
    gradual = STRATEGIES["gradual"]
    stages = gradual.unfreezing_plan(structure, gradual.Options()).stages
    assert len(stages) == len(structure.blocks) + 1 and stages[0].unfreezes == {*structure.blocks[-1], *structure.tail}


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_adapters_leave_a_pretrained_output_layer_alone(kind: str) -> None:
    structure, lora = structure_of(kind), STRATEGIES["lora"]
    applied = lora.apply(kinds.build(kind), structure, lora.Options())
    trained = {name: parameter for name, parameter in applied.named_parameters() if parameter.requires_grad}
    assert trained and all("lora_" in name for name in trained)
    preview = lora.preview(structure, lora.Options())
    assert preview.trainable == sum(parameter.numel() for parameter in trained.values())


@pytest.mark.parametrize("kind", ["deformable-detr", "rt-detr-v2"])
def test_adapters_train_every_class_layer_that_shares_its_weights(kind: str) -> None:
    structure, lora = structure_of(kind), STRATEGIES["lora"]
    applied = lora.apply(kinds.build(kind), structure, lora.Options())
    live = {name for name, parameter in applied.named_parameters(remove_duplicate=False) if parameter.requires_grad}
    layers = {name.rpartition(".")[0] for name in (*structure.head, *tied_names(kinds.build(kind)))}
    classes = {layer for layer in layers if "class_embed" in layer and "denoising" not in layer}
    assert len(classes) >= 3
    for layer in classes:
        assert any(f"{layer}.modules_to_save.default.weight" in name for name in live), layer
