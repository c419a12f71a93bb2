"""Tiny models of other kinds than classifiers, from their configs: what writes, what hears, what finds things."""

from collections.abc import Callable
from typing import Any

import transformers as t

LANGUAGE, PAIRED = "AutoModelForCausalLM", "AutoModelForSeq2SeqLM"
DETECTION, SOUNDS = "AutoModelForObjectDetection", "AutoModelForAudioClassification"
PAIR = {
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
WORDS = {**SPECIAL, "decoder_start_token_id": 1, "vocab_size": 60, "max_position_embeddings": 32}
SOUND = {"conv_dim": (8, 8), "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2}
SOUND |= {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "vocab_size": 20}
MEL = {"num_mel_bins": 8, "max_source_positions": 20, "max_target_positions": 20}
WIDER = {**PAIR, "d_model": 32}  # normalises its feature maps in 32 groups
RT = {
    **{"encoder_hidden_dim": 16, "encoder_in_channels": [16] * 3, "encoder_ffn_dim": 32, "encoder_attention_heads": 2},
    **{"d_model": 16, "decoder_in_channels": [16] * 3, "decoder_ffn_dim": 32, "decoder_attention_heads": 2},
    **{"decoder_layers": 3, "num_queries": 5, "num_denoising": 3},
}


def sizes(count: int) -> dict[str, Any]:
    """A transformer of `count` layers, in the words that encoders use."""
    return {"hidden_size": 16, "num_hidden_layers": count, "num_attention_heads": 2, "intermediate_size": 32}


def backbone(kind: str, stages: int) -> Any:
    """A ResNet of five blocks, of which the last `stages` stages are read."""
    made = {"resnet": t.ResNetConfig, "rt": t.RTDetrResNetConfig}[kind]
    shape = {"embedding_size": 8, "hidden_sizes": [8, 16, 16, 16], "depths": [1, 2, 1, 1], "layer_type": "basic"}
    return made(**shape, out_features=[f"stage{number}" for number in range(5 - stages, 5)])


def detector(config: Any, shape: dict[str, Any], stages: int = 1, **more: Any) -> Any:
    """The config of a DETR-like model whose backbone is one of transformers' own."""
    own = {"use_timm_backbone": False, "backbone": None, "backbone_config": backbone("resnet", stages)}
    return config(**shape, **own, num_queries=5, **more)


# name -> the class that builds it, and its config
KINDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "t5": (
        PAIRED,
        lambda: t.T5Config(
            vocab_size=60, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_decoder_layers=3, num_heads=2,
            decoder_start_token_id=0,
        ),
    ),
    "bart": (PAIRED, lambda: t.BartConfig(**PAIR, **WORDS)),
    "marian": (PAIRED, lambda: t.MarianConfig(**PAIR, **WORDS)),
    "pegasus": (PAIRED, lambda: t.PegasusConfig(**PAIR, **WORDS)),
    "whisper": ("AutoModelForSpeechSeq2Seq", lambda: t.WhisperConfig(**PAIR, **MEL, **WORDS)),
    "whisper-sounds": (SOUNDS, lambda: t.WhisperConfig(**PAIR, **MEL, **WORDS)),
    "wav2vec2": ("AutoModelForCTC", lambda: t.Wav2Vec2Config(**sizes(3), **SOUND)),
    "hubert": (SOUNDS, lambda: t.HubertConfig(**sizes(3), **SOUND)),
    "gpt2": (LANGUAGE, lambda: t.GPT2Config(vocab_size=60, n_embd=16, n_layer=3, n_head=2, n_positions=32, **SPECIAL)),
    "llama": (LANGUAGE, lambda: t.LlamaConfig(**sizes(3), vocab_size=60, **SPECIAL)),
    "llama-tied": (LANGUAGE, lambda: t.LlamaConfig(**sizes(3), vocab_size=60, **SPECIAL, tie_word_embeddings=True)),
    "opt": (
        LANGUAGE,
        lambda: t.OPTConfig(
            vocab_size=60, hidden_size=16, ffn_dim=32, num_hidden_layers=3, num_attention_heads=2,
            word_embed_proj_dim=16, max_position_embeddings=32, **SPECIAL,
        ),
    ),
    "bert-words": ("AutoModelForTokenClassification", lambda: t.BertConfig(**sizes(3), vocab_size=60)),
    "clip-images": (
        "AutoModelForImageClassification",
        lambda: t.CLIPConfig(
            vision_config={**sizes(3), "image_size": 32, "patch_size": 16, "projection_dim": 8},
            text_config={**sizes(2), "vocab_size": 60, "projection_dim": 8, **SPECIAL},
            projection_dim=8,
        ),
    ),
    "detr": (DETECTION, lambda: detector(t.DetrConfig, PAIR)),
    "conditional-detr": (DETECTION, lambda: detector(t.ConditionalDetrConfig, PAIR)),
    "deformable-detr": (DETECTION, lambda: detector(t.DeformableDetrConfig, WIDER, stages=3)),
    "two-stage-detr": (
        DETECTION,
        lambda: detector(t.DeformableDetrConfig, WIDER, stages=3, two_stage=True, with_box_refine=True),
    ),
    "rt-detr": (DETECTION, lambda: t.RTDetrConfig(backbone_config=backbone("rt", 3), **RT)),
    "rt-detr-v2": (DETECTION, lambda: t.RTDetrV2Config(backbone_config=backbone("rt", 3), **RT)),
    "yolos": (DETECTION, lambda: t.YolosConfig(**sizes(3), image_size=[32, 32], num_detection_tokens=5)),
}  # fmt: skip


def build(kind: str, classes: int = 3) -> Any:
    """A tiny model of the kind with random weights. classes: of those that classify."""
    auto_class, make = KINDS[kind]
    config = make()
    config.num_labels = classes
    t.set_seed(0)
    return getattr(t, auto_class).from_config(config)
