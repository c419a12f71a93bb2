"""Which files make a model in transformers' format, and which of them are safe to load."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
# Formats that can run code, or that PyTorch's loaders here do not read.
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
_SETTINGS = (".json", ".txt", ".model", ".tiktoken", ".jinja")
# Inert text unless the server was started with --trust-remote-code.
_CODE = (".py",)
POOLING = "1_Pooling/config.json"  # how a sentence encoder turns token vectors into one


def wanted_files(paths: Iterable[str]) -> list[str]:
    """Of a repository's files (`/`-separated paths) those that a model needs: settings, tokenizer, safetensors."""
    everything = sorted(paths)
    weights = set(safe_weights(everything))
    return [
        path
        for path in everything
        if path in weights
        or path == POOLING
        or ("/" not in path and PurePosixPath(path).suffix in _SETTINGS + _CODE and not _is_listing_of_pickles(path))
    ]


def safe_weights(paths: Collection[str]) -> list[str]:
    """The safetensors files among `paths` that hold the model: one file, or else all shards."""
    if WEIGHTS in paths:
        return [WEIGHTS]
    return sorted(p for p in paths if p.startswith("model-") and p.endswith(".safetensors") and "/" not in p)


def has_only_pickles(paths: Collection[str]) -> bool:
    """True where there are weights, but none that load without the risk of running code."""
    return not safe_weights(paths) and any(p.endswith(PICKLES) and "/" not in p for p in paths)


def file_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()]


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder; empty where they are missing, in part or altogether."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        return []
    parts = sorted(set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    files = [folder / PurePosixPath(part).name for part in parts]
    return files if all(file.is_file() for file in files) else []


def is_complete(folder: Path) -> bool:
    return (folder / CONFIG).is_file() and bool(weight_files(folder))


def _is_listing_of_pickles(path: str) -> bool:
    return path.endswith(".index.json") and path != INDEX
