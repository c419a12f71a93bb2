"""The models on this machine, and what a model folder holds: read once, and passed on as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.language import _, sentences
from studio.models.download import pickles_only
from studio.models.folders import CONFIG, file_names, has_only_pickles, is_folder, weight_files
from studio.models.kind import ModelKind
from studio.models.settings_files import UnusableSettingsError, check_config, read_settings
from studio.models.sources import candidates, in_hub_cache, local_folder, locate
from studio.models.starters import STARTERS
from studio.models.weights import Tensor, parameters_among, tensors_in
from studio.paths import Home

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "tokenizer.model", "spiece.model")
IMAGE_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
# by what turns rows into tensors: the files that it lies in, and what to say where there is none of them
PROCESSORS: dict[str, tuple[tuple[str, ...], str]] = {
    "tokenizer": (TOKENIZER_FILES, _("Its tokenizer is missing, so it cannot read text.")),
    "image_processor": (IMAGE_PROCESSOR_FILES, _("Its image processor is missing, so it cannot read images.")),
    "feature_extractor": (IMAGE_PROCESSOR_FILES, _("Its feature extractor is missing, so it cannot hear.")),
    "processor": (IMAGE_PROCESSOR_FILES, _("Its processor is missing, so it cannot read what it is given.")),
}


@dataclass(frozen=True)
class ModelInfo:
    """What a model folder holds.

    files: the names of its files. disk_bytes: of its weights. config, processor: what config.json and the image
    processor's file say; empty where there is none. tensors: what the headers of its weights say.
    problems: sentences why it cannot be fine-tuned here; empty when it can.
    """

    id: str
    folder: Path
    files: frozenset[str]
    config: dict[str, Any]
    processor: dict[str, Any]
    tensors: Mapping[str, Tensor]
    disk_bytes: int
    problems: tuple[str, ...]

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type", ""))

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in parameters_among(self.tensors).values())

    @property
    def is_complete(self) -> bool:
        return CONFIG in self.files and self.disk_bytes > 0

    def lacks(self, kind: ModelKind) -> str:
        """A sentence why a task whose models are of this kind cannot read its inputs with it, or "".

        A model for images alone does without a processor's file: transformers has a usual one for each.
        """
        files, sentence = PROCESSORS[kind.processor]
        usual = kind.processor == "image_processor" and not self.files.intersection(TOKENIZER_FILES)
        return "" if usual or self.files.intersection(files) else sentence

    def fits(self, kind: ModelKind) -> bool:
        """Whether its files hold what such a task needs. The model itself is described by `studio.model_reader`."""
        return not self.problems and not self.lacks(kind)


def find(
    model_id: str, revision: str | None = None, home: Home | None = None, trust_remote_code: bool = False
) -> ModelInfo | None:
    """The model where it is complete on this machine, or None. Raises StudioError as `locate` does."""
    found = (describe_folder(folder, model_id, trust_remote_code) for folder in candidates(model_id, revision, home))
    return next((info for info in found if info.is_complete), None)


def describe(
    model_id: str, trust_remote_code: bool = False, home: Home | None = None, revision: str | None = None
) -> ModelInfo:
    """Read its small files and the headers of its weights; neither torch nor the weights themselves.

    A folder with something missing is described with its problems; a model that is not on this machine
    raises StudioError.
    """
    info = find(model_id, revision, home, trust_remote_code)
    if info is not None:
        return info
    folder = local_folder(model_id)
    if folder is not None:
        return describe_folder(folder, model_id, trust_remote_code)
    raise StudioError(
        _("The model '{model}' is not on this machine.", model=model_id),
        _("It is neither a folder, nor installed, nor in the Hub cache."),
        _("Download it first, or choose another model."),
    )


def describe_folder(folder: Path, model_id: str = "", trust_remote_code: bool = False) -> ModelInfo:
    names = file_names(folder)
    config, problems = _read_config(folder)
    problems += [] if is_folder(folder) else [_("The folder cannot be looked into.")]
    tensors: dict[str, Tensor] = {}
    disk = 0
    try:
        if weights := weight_files(folder):
            tensors = tensors_in(weights)
            disk = sum(file.stat().st_size for file in weights)
        elif has_only_pickles(names):
            problems.append(pickles_only(model_id or folder.name).explanation.why)
        else:
            problems.append(_("Its weights (model.safetensors) are missing."))
    except StudioError as error:
        problems.append(sentences(error.explanation.what, error.explanation.why))
    except OSError as error:
        problems.append(_("Its weights cannot be read: {reason}.", reason=error.strerror))
    if config.get("auto_map") and not trust_remote_code:
        problems.append(_("It needs Python code of its own, which runs only with `studio ui --trust-remote-code`."))
    return ModelInfo(
        id=model_id or str(folder),
        folder=folder,
        files=frozenset(names),
        config=config,
        processor=_read_processor(folder, names),
        tensors=tensors,
        disk_bytes=disk,
        problems=tuple(problems),
    )


def on_this_machine(
    folders: tuple[Path, ...] = (), home: Home | None = None, trust_remote_code: bool = False
) -> list[ModelInfo]:
    """Every usable model without a download: starters, the Hub cache, and the folders that the person named."""
    starters = [(starter.id, folder) for starter in STARTERS if (folder := locate(starter.id, home=home))]
    named = [(str(folder), folder.resolve()) for folder in folders if is_folder(folder)]
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


def _read_config(folder: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        config = read_settings(folder / CONFIG)
        if config is None:
            return {}, [_("Its {file} is missing, so its architecture is not known.", file=CONFIG)]
        check_config(config)
    except UnusableSettingsError as error:
        return {}, [str(error)]
    return config, []


def _read_processor(folder: Path, names: list[str]) -> dict[str, Any]:
    """The first of the image processor's files, or nothing; a damaged one is reported when it is loaded."""
    for name in IMAGE_PROCESSOR_FILES:
        if name in names:
            try:
                return read_settings(folder / name) or {}
            except UnusableSettingsError:
                return {}
    return {}
