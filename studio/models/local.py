"""What is on this machine already, and what a model folder holds, read without loading it."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.files import read_json
from studio.models.download import pickles_only
from studio.models.folders import CONFIG, file_names, has_only_pickles, weight_files
from studio.models.kind import ModelKind
from studio.models.sources import in_hub_cache, locate
from studio.models.starters import STARTERS
from studio.models.weights import shapes_in, stored_bytes
from studio.paths import Home

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "tokenizer.model", "spiece.model")
IMAGE_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
# Keys of config.json that only models of this kind have.
TEXT_KEYS = ("vocab_size",)
IMAGE_KEYS = ("num_channels", "image_size", "patch_size")
READS = {"tokenizer": "texts", "image_processor": "pictures"}


@dataclass(frozen=True)
class ModelInfo:
    """What a model folder holds.

    processor: what prepares its inputs ("tokenizer", "image_processor"), or "" where its config does not say.
    problems: sentences why it cannot be fine-tuned here; empty when it can.
    """

    id: str
    folder: Path
    model_type: str
    architectures: tuple[str, ...]
    parameters: int
    disk_bytes: int
    has_tokenizer: bool
    has_image_processor: bool
    processor: str
    config: dict[str, Any]
    problems: tuple[str, ...]

    def fits(self, kind: ModelKind) -> bool:
        """Whether a task whose models are of this kind can start from this one."""
        return self.processor == kind.processor and not self.problems


def describe(
    model_id: str, trust_remote_code: bool = False, home: Home | None = None, revision: str | None = None
) -> ModelInfo:
    """Read config.json and the headers of the weights; neither torch nor the weights themselves.

    A folder with something missing is described with its problems; a model that is not on this machine
    raises StudioError.
    """
    folder = locate(model_id, revision, home) or _given_folder(model_id)
    if folder is None:
        raise StudioError(
            f"The model '{model_id}' is not on this machine.",
            "It is neither a folder, nor installed, nor in the Hub cache.",
            "Download it first, or choose another model.",
        )
    return describe_folder(folder, model_id, trust_remote_code)


def describe_folder(folder: Path, model_id: str = "", trust_remote_code: bool = False) -> ModelInfo:
    names = file_names(folder)
    config, problems = _read_config(folder)
    has_tokenizer = any(name in names for name in TOKENIZER_FILES)
    has_processor = any(name in names for name in IMAGE_PROCESSOR_FILES)
    processor = _processor(config)
    parameters = disk = 0
    try:
        if weight_files(folder):
            parameters, disk = sum(prod(shape) for shape in shapes_in(folder).values()), stored_bytes(folder)
        elif has_only_pickles(names):
            problems.append(pickles_only(model_id or folder.name).explanation.why)
        else:
            problems.append("Its weights (model.safetensors) are missing.")
    except StudioError as error:
        problems.append(str(error))
    if config.get("auto_map") and not trust_remote_code:
        problems.append("It needs Python code of its own, which runs only with `studio ui --trust-remote-code`.")
    if processor == "tokenizer" and not has_tokenizer:
        problems.append("Its tokenizer is missing, so it cannot read text.")
    return ModelInfo(
        id=model_id or str(folder),
        folder=folder,
        model_type=str(config.get("model_type", "")),
        architectures=tuple(config.get("architectures") or ()),
        parameters=parameters,
        disk_bytes=disk,
        has_tokenizer=has_tokenizer,
        has_image_processor=has_processor,
        processor=processor,
        config=config,
        problems=tuple(problems),
    )


def on_this_machine(
    folders: tuple[Path, ...] = (), home: Home | None = None, trust_remote_code: bool = False
) -> list[ModelInfo]:
    """Every usable model without a download: starters, the Hub cache, and the folders that the person named."""
    starters = [(starter.id, folder) for starter in STARTERS if (folder := locate(starter.id, home=home))]
    named = [(str(folder), folder.resolve()) for folder in folders if folder.is_dir()]
    found = [*starters, *cached_models(), *named]
    return [describe_folder(folder, model_id, trust_remote_code) for model_id, folder in found]


def cached_models() -> list[tuple[str, Path]]:
    """(id, folder) of the models that are complete in the Hub cache."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    ids = sorted(repository.repo_id for repository in repositories if repository.repo_type == "model")
    return [(model_id, folder) for model_id in ids if (folder := in_hub_cache(model_id)) is not None]


def _given_folder(model_id: str) -> Path | None:
    folder = Path(model_id).expanduser()
    return folder.resolve() if folder.is_dir() else None


def _read_config(folder: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        config = read_json(folder / CONFIG)
    except ValueError as error:
        return {}, [f"Its {CONFIG} is damaged: {error}."]
    if config is None:
        return {}, [f"Its {CONFIG} is missing, so nobody can tell how it is built."]
    return (config, []) if isinstance(config, dict) else ({}, [f"Its {CONFIG} holds no settings."])


def _processor(config: dict[str, Any]) -> str:
    if any(key in config for key in TEXT_KEYS):
        return "tokenizer"
    return "image_processor" if any(key in config for key in IMAGE_KEYS) else ""
