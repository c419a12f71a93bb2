"""What a new classification head brings, told from config.json: for the preview, which loads no model."""

from collections.abc import Mapping
from typing import Any

Shape = tuple[int, ...]
_HIDDEN_KEYS = ("hidden_size", "dim", "d_model", "n_embd", "hidden_dim")

# model types whose head has a hidden layer, by what that layer is called
_DENSE_THEN_OUT = {
    "roberta",
    "xlm-roberta",
    "camembert",
    "electra",
    "mpnet",
    "longformer",
    "xlm-roberta-xl",
    "data2vec-text",
}
_SCORE = {
    "gpt2",
    "gpt_neo",
    "gpt_neox",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "gemma2",
    "gemma3_text",
    "phi",
    "phi3",
    "opt",
    "bloom",
    "falcon",
    "smollm3",
}
_WITHOUT_POOLER = _DENSE_THEN_OUT | {"vit", "deit"}

# names of other tasks' heads that a checkpoint may bring; the model of our task does not have them
OTHER_HEADS = (
    r"^cls\.",
    r"^lm_head",
    r"^qa_outputs",
    r"^vocab_",
    r"^generator_",
    r"^discriminator_predictions",
    r"^mlm_head",
    r"^decoder\.(bias|weight)$",
    r"^(pre_)?classifier\b",
    r"^score\.",
    r"^classification_head\.",
    r"^dropout\.",
    r"^fc\.",
    r"^head\.",
)


def text_head(config: Mapping[str, Any], classes: int) -> dict[str, Shape]:
    """Name -> shape of what `AutoModelForSequenceClassification` puts on top."""
    kind, hidden = config.get("model_type", ""), hidden_size(config)
    out = {"weight": (classes, hidden), "bias": (classes,)}
    dense = {"weight": (hidden, hidden), "bias": (hidden,)}
    if kind in _SCORE:
        return {"score.weight": (classes, hidden)}
    if kind in _DENSE_THEN_OUT:
        return {**_named("classifier.dense", dense), **_named("classifier.out_proj", out)}
    if kind in ("t5", "mt5", "umt5", "bart", "mbart"):
        return {**_named("classification_head.dense", dense), **_named("classification_head.out_proj", out)}
    if kind == "distilbert":
        return {**_named("pre_classifier", dense), **_named("classifier", out)}
    if kind in ("deberta", "deberta-v2"):
        pooled = int(config.get("pooler_hidden_size") or hidden)
        last = {"weight": (classes, pooled), "bias": (classes,)}
        return {**_named("pooler.dense", {"weight": (pooled, pooled), "bias": (pooled,)}), **_named("classifier", last)}
    if kind == "modernbert":
        norm = {"head.norm.weight": (hidden,)}
        bias = {"head.dense.bias": (hidden,)} if config.get("classifier_bias") else {}
        return {"head.dense.weight": (hidden, hidden), **bias, **norm, **_named("classifier", out)}
    return _named("classifier", out)


def image_head(config: Mapping[str, Any], classes: int) -> dict[str, Shape]:
    """Name -> shape of what `AutoModelForImageClassification` puts on top."""
    kind, width = config.get("model_type", ""), feature_width(config)
    name = "classifier.1" if kind in ("resnet", "regnet") else "classifier"
    return _named(name, {"weight": (classes, width), "bias": (classes,)})


def unused_in(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Patterns of names that a checkpoint may hold and the classification model leaves out."""
    pooler = (r"(^|\.)pooler\.",) if config.get("model_type") in _WITHOUT_POOLER else ()
    return (*OTHER_HEADS, *pooler)


def hidden_size(config: Mapping[str, Any]) -> int:
    return next((int(config[key]) for key in _HIDDEN_KEYS if config.get(key)), 0)


def feature_width(config: Mapping[str, Any]) -> int:
    """How many numbers the body of a vision model gives for one picture."""
    kind = config.get("model_type", "")
    if kind in ("mobilenet_v1", "mobilenet_v2"):
        return _mobilenet_width(config)
    if kind == "dinov2":
        return 2 * hidden_size(config)  # the class token beside the mean of the patches
    if kind in ("swin", "swinv2", "donut-swin"):
        return int(config.get("embed_dim") or 96) * 2 ** (len(config.get("depths") or (2, 2, 6, 2)) - 1)
    if kind == "mobilevit":
        return int(config["neck_hidden_sizes"][-1])
    if config.get("hidden_sizes"):
        return int(config["hidden_sizes"][-1])
    return int(config.get("num_features") or 0) or hidden_size(config)


def _mobilenet_width(config: Mapping[str, Any]) -> int:
    """Channels of the last convolution: a multiple of 8, and never thinner than the usual 1,280 (or 1,024)."""
    multiplier = float(config.get("depth_multiplier", 1.0))
    if config.get("model_type") == "mobilenet_v1":
        return max(int(config.get("min_depth", 8)), int(1024 * multiplier))
    divisor, least = int(config.get("depth_divisible_by", 8)), int(config.get("min_depth", 8))
    if config.get("finegrained_output", True) and multiplier < 1:
        return 1280
    channels = round(1280 * multiplier)
    rounded = max(least, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _named(prefix: str, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    return {f"{prefix}.{name}": shape for name, shape in shapes.items()}
