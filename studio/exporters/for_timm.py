"""A model of timm is exported so that timm itself loads it too, by `timm.create_model("local-dir:FOLDER")`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.files import read_object, replace_json

KIND = "timm_wrapper"  # what transformers calls such models
PROCESSOR = "preprocessor_config.json"
INTERPOLATIONS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}  # PIL's numbers, timm's words
USUAL_MEAN, USUAL_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def describe_for_timm(folder: Path) -> None:
    """Say in config.json how images are prepared, in timm's words (`PretrainedCfg`).

    transformers takes a folder that says so for one of timm's, and reads its image processor from config.json as well:
    so what preprocessor_config.json holds is written there too.
    """
    config = read_object(folder / "config.json") or {}
    if config.get("model_type") != KIND:
        return
    processor = read_object(folder / PROCESSOR) or {}
    known = config.get("pretrained_cfg") or {}
    if config.get("model_args") is None:
        config.pop("model_args", None)  # timm expects arguments there, or nothing
    replace_json(folder / "config.json", {**config, **processor, "pretrained_cfg": {**known, **prepared(processor)}})


def prepared(processor: Mapping[str, Any]) -> dict[str, Any]:
    """An image processor's settings in timm's words; nothing where there are none."""
    size, crop = processor.get("size") or {}, processor.get("crop_size") or {}
    cropped = bool(processor.get("do_center_crop") and crop)
    if not cropped and "height" not in size:
        return {}
    height, width = _sides(crop if cropped else size)
    shares = {"crop_pct": height / min(_sides(size)), "crop_mode": "center"} if cropped else {}
    normalised = processor.get("do_normalize", True)
    return {
        "input_size": [3, height, width],
        "interpolation": INTERPOLATIONS.get(processor.get("resample", 3), "bicubic"),
        **(shares or {"crop_pct": 1.0, "crop_mode": "squash"}),
        "mean": list(processor.get("image_mean") or USUAL_MEAN) if normalised else [0.0, 0.0, 0.0],
        "std": list(processor.get("image_std") or USUAL_STD) if normalised else [1.0, 1.0, 1.0],
    }


def _sides(size: Mapping[str, Any]) -> tuple[int, int]:
    edge = size.get("shortest_edge")
    return int(size.get("height", edge)), int(size.get("width", edge))
