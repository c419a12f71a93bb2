"""The groups of models that hear and that find things in pictures, on tiny ones of each kind."""

from collections.abc import Callable
from typing import Any

import pytest
import transformers as t

from studio.models.structure import Structure, find_structure

Maker = Callable[[], Any]


def sizes(count: int) -> dict[str, Any]:
    """A transformer of `count` layers, in the words that encoders use."""
    return {"hidden_size": 16, "num_hidden_layers": count, "num_attention_heads": 2, "intermediate_size": 32}


PAIR = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}
WORDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "vocab_size": 60}
SOUND = {"conv_dim": (8, 8), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2}
SOUND |= {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "vocab_size": 20}


def whisper() -> Any:
    return t.WhisperConfig(**PAIR, **WORDS, num_mel_bins=8, max_source_positions=20, max_target_positions=20)


def detr() -> Any:
    resnet = t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], out_features=["stage2"])
    return t.DetrConfig(**PAIR, use_timm_backbone=False, backbone_config=resnet, num_queries=5)


def yolos() -> Any:
    return t.YolosConfig(**sizes(3), image_size=[32, 32], num_detection_tokens=5)


# name -> (the model, parts of its head's names, blocks, parts of names in the embeddings, and in the tail)
KINDS: dict[str, tuple[Maker, tuple[str, ...], int, tuple[str, ...], tuple[str, ...]]] = {
    "whisper": (
        lambda: t.WhisperForConditionalGeneration(whisper()),
        ("proj_out",),
        5,
        ("encoder.conv1", "encoder.conv2", "encoder.embed_positions", "decoder.embed_tokens"),
        ("encoder.layer_norm", "decoder.layer_norm"),
    ),
    "whisper-audio": (
        lambda: t.WhisperForAudioClassification(whisper()),
        ("projector", "classifier"),
        2,
        ("encoder.conv1", "encoder.conv2"),
        ("encoder.layer_norm",),
    ),
    "wav2vec2": (
        lambda: t.Wav2Vec2ForCTC(t.Wav2Vec2Config(**sizes(3), **SOUND)),
        ("lm_head",),
        3,
        ("feature_extractor.conv_layers", "feature_projection", "pos_conv_embed"),
        ("encoder.layer_norm",),
    ),
    "hubert": (
        lambda: t.HubertForSequenceClassification(t.HubertConfig(**sizes(3), **SOUND)),
        ("projector", "classifier"),
        3,
        ("feature_extractor.conv_layers", "feature_projection", "pos_conv_embed"),
        ("encoder.layer_norm",),
    ),
    "detr": (
        lambda: t.DetrForObjectDetection(detr()),
        ("class_labels_classifier", "bbox_predictor"),
        5,
        ("backbone.model.embedder", "backbone.model.encoder", "input_projection", "query_position_embeddings"),
        ("decoder.layernorm",),
    ),
    "yolos": (
        lambda: t.YolosForObjectDetection(yolos()),
        ("class_labels_classifier", "bbox_predictor"),
        3,
        ("patch_embeddings", "detection_tokens", "mid_position_embeddings"),
        ("vit.layernorm",),
    ),
}


def structure_of(kind: str) -> Structure:
    make, head, *_ = KINDS[kind]
    shapes = {name: tuple(parameter.shape) for name, parameter in make().named_parameters()}
    return find_structure(shapes, [name for name in shapes if any(part in name for part in head)])


@pytest.mark.parametrize("kind", KINDS)
def test_groups_of_each_kind(kind: str) -> None:
    structure = structure_of(kind)
    _, head, blocks, embedded, tail = KINDS[kind]
    assert len(structure.blocks) == blocks
    groups = {"embeddings": (structure.embeddings, embedded), "tail": (structure.tail, tail)}
    for title, (names, parts) in groups.items():
        assert all(any(part in name for name in names) for part in parts), (title, names)
        assert all(any(part in name for part in (*parts, "masked_spec", "position", "cls_token")) for name in names)
    assert all(any(part in name for part in head) for name in structure.head)
    everything = [*structure.embeddings, *structure.body, *structure.tail, *structure.head]
    assert sorted(everything) == sorted(structure.shapes)


@pytest.mark.parametrize("kind", ["whisper", "detr"])
def test_the_encoder_s_blocks_come_first(kind: str) -> None:
    sides = ["encoder" if "encoder.layers" in block[0] else "decoder" for block in structure_of(kind).blocks]
    assert sides == ["encoder"] * 2 + ["decoder"] * 3
