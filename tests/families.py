"""Tiny models of many families, from their configs: what the structure, the heads and the strategies must fit."""

import copy
from functools import cache
from typing import Any

SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
WORDS = {"vocab_size": 50, "max_position_embeddings": 32}


@cache
def text_configs() -> dict[str, Any]:
    import transformers as t

    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    return {
        "bert": t.BertConfig(**SMALL, **WORDS),
        "distilbert": t.DistilBertConfig(
            vocab_size=50, dim=16, n_layers=3, n_heads=2, hidden_dim=32, max_position_embeddings=32
        ),
        "roberta": t.RobertaConfig(**SMALL, **WORDS),
        "deberta": t.DebertaV2Config(**SMALL, **WORDS, relative_attention=True, position_buckets=8),
        "electra": t.ElectraConfig(**SMALL, **WORDS, embedding_size=8),
        "modernbert": t.ModernBertConfig(**SMALL, **WORDS, **special, cls_token_id=0, sep_token_id=0),
        "gpt2": t.GPT2Config(vocab_size=50, n_embd=16, n_layer=3, n_head=2, n_positions=32, **special),
        "llama": t.LlamaConfig(**SMALL, **WORDS, **special, num_key_value_heads=1),
        "t5": t.T5Config(
            **{"vocab_size": 50, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "decoder_start_token_id": 0},
            num_layers=2,
            num_decoder_layers=1,
        ),
    }


@cache
def image_configs() -> dict[str, Any]:
    import transformers as t

    vit = {**SMALL, "image_size": 32, "patch_size": 16}
    return {
        "vit": t.ViTConfig(**vit),
        "deit": t.DeiTConfig(**vit, architectures=["DeiTForImageClassification"]),
        "swin": t.SwinConfig(embed_dim=8, depths=[1, 2], num_heads=[1, 2], image_size=32, window_size=4),
        "convnext": t.ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 2], num_stages=2),
        "resnet": t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type="basic"),
        "mobilenet_v2": t.MobileNetV2Config(depth_multiplier=0.35, image_size=32),
        "efficientnet": t.EfficientNetConfig(
            image_size=32, width_coefficient=0.2, depth_coefficient=0.2, hidden_dim=256
        ),
    }


# family -> blocks that training one at a time would go through; parts of names in the embeddings and in the tail
EXPECTED: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {
    "bert": (3, ("embeddings.word_embeddings", "embeddings.LayerNorm"), ("pooler",)),
    "distilbert": (3, ("embeddings.word_embeddings",), ()),
    "roberta": (3, ("embeddings.word_embeddings",), ()),
    "deberta": (3, ("embeddings.word_embeddings", "encoder.rel_embeddings"), ()),
    "electra": (3, ("embeddings.word_embeddings", "embeddings_project"), ()),
    "modernbert": (3, ("embeddings.tok_embeddings",), ("final_norm",)),
    "gpt2": (3, ("wte", "wpe"), ("ln_f",)),
    "llama": (3, ("embed_tokens",), ("norm",)),
    "t5": (3, ("shared",), ("final_layer_norm",)),
    "vit": (3, ("cls_token", "position_embeddings", "patch_embeddings"), ("layernorm",)),
    "deit": (3, ("cls_token", "distillation_token", "patch_embeddings"), ("layernorm",)),
    "swin": (3, ("patch_embeddings",), ("layernorm",)),
    "convnext": (3, ("patch_embeddings",), ("layernorm",)),
    "resnet": (3, ("embedder",), ()),
    "mobilenet_v2": (16, ("conv_stem",), ("conv_1x1",)),
    "efficientnet": (0, ("embeddings.convolution",), ("top_conv",)),  # the number depends on the rounding of its config
}


def live_structure(model: Any) -> Any:
    """The structure as training sees it."""
    from studio.models.heads import head_names, structure_of_model

    return structure_of_model(model, head_names(model))


@cache
def structure_of(family: str) -> Any:
    """The live structure of what `build` gives."""
    return live_structure(build(family))


@cache
def head_of(family: str) -> frozenset[str]:
    """The names of the head's parameters in what `build` gives."""
    from studio.models.heads import head_names

    return frozenset(head_names(build(family)))


def build(family: str, classes: int = 3, with_head: bool = True) -> Any:
    """A model of the family with random weights, with a classification head or without any."""
    from transformers import set_seed

    model = copy.deepcopy(built(family, classes, with_head))
    set_seed(0)
    return model


@cache
def built(family: str, classes: int, with_head: bool) -> Any:
    import transformers as t

    texts, images = text_configs(), image_configs()
    config = copy.deepcopy((texts | images)[family])
    config.num_labels = classes
    config.architectures = config.architectures or []  # DeiT has two heads; transformers looks here which one
    t.set_seed(0)
    if not with_head:
        return t.AutoModel.from_config(config)
    auto = t.AutoModelForSequenceClassification if family in texts else t.AutoModelForImageClassification
    return auto.from_config(config)


TEXT_FAMILIES = ("bert", "distilbert", "roberta", "deberta", "electra", "modernbert", "gpt2", "llama", "t5")
IMAGE_FAMILIES = ("vit", "deit", "swin", "convnext", "resnet", "mobilenet_v2", "efficientnet")
FAMILIES = TEXT_FAMILIES + IMAGE_FAMILIES
