"""Which files make a model in transformers' format, and which of them are safe to load."""

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from studio.errors import StudioError
from studio.language import _
from studio.models.settings_files import UnusableSettingsError, read_settings

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"  # transformers loads the model that it names instead
# Formats that can run code, or that PyTorch's loaders here do not read.
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
_SETTINGS = (".json", ".txt", ".model", ".spm", ".tiktoken", ".jinja")
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


def is_folder(path: Path) -> bool:
    """Whether it is a folder that can be looked into."""
    try:
        return path.is_dir() and next(path.iterdir(), path) is not None
    except (OSError, ValueError):
        return False


def file_names(folder: Path) -> list[str]:
    """Names of files; none of a folder that cannot be looked into."""
    try:
        return [path.name for path in folder.iterdir() if _is_file(path)]
    except OSError:
        return []


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder; empty where they are missing, in part or altogether.

    Raises StudioError where the folder, or its index, names weights that are not read: files of another kind, or
    outside of the folder.
    """
    if ADAPTER in file_names(folder):
        raise _refused(
            folder, _("It is an adapter for another model ({file}), which would be loaded in its place.", file=ADAPTER)
        )
    if os.path.lexists(folder / WEIGHTS):
        return _there(folder, [WEIGHTS])
    try:
        index = read_settings(folder / INDEX)
    except UnusableSettingsError as error:
        raise _refused(folder, str(error)) from error
    if index is None:
        return []
    parts = index.get("weight_map")
    if not isinstance(parts, dict) or not parts or not all(isinstance(part, str) for part in parts.values()):
        raise _refused(folder, _("Its {file} does not say which file holds which weights ('weight_map').", file=INDEX))
    return _there(folder, sorted(set(parts.values())))


def _there(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of these names, or none if some are missing. What can be no file of the weights raises StudioError."""
    files = [_inside(folder, name) for name in names]
    return files if all(map(_is_file, files)) else []


def _inside(folder: Path, name: str) -> Path:
    """A file of the weights. The Hub's cache keeps what it downloads once and links to it: that counts as inside."""
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable()
    if outside or not name.endswith(".safetensors"):
        raise _refused(
            folder,
            _("Its {file} names '{name}', which is no safetensors file of this folder.", file=INDEX, name=name[:200]),
        )
    file = folder / name
    try:
        real, home = file.resolve(), folder.resolve()
    except (OSError, RuntimeError) as error:
        raise _refused(folder, _("'{file}' is a link that leads nowhere.", file=name[:200])) from error
    homes = [home, home.parent.parent / "blobs"] if home.parent.name == "snapshots" else [home]
    if not any(real.is_relative_to(each) for each in homes):
        raise _refused(folder, _("'{file}' is a link that leads out of the folder.", file=name[:200]))
    return file


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _refused(folder: Path, why: str) -> StudioError:
    what_to_do = _("Choose a folder that `save_pretrained` of transformers wrote.")
    return StudioError(_("The weights of '{model}' cannot be used.", model=folder.name), why, what_to_do)


def is_complete(folder: Path) -> bool:
    """Whether it holds a config and all of its weights, and none that are refused."""
    try:
        return _is_file(folder / CONFIG) and bool(weight_files(folder))
    except StudioError:
        return False


def _is_listing_of_pickles(path: str) -> bool:
    return path.endswith(".index.json") and path != INDEX
