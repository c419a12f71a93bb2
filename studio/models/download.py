"""Fetching a model from the Hub into the Hub's own cache, with progress, and without files that could run code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.hardware import GIGABYTE, free_disk_bytes
from studio.hub_token import Token
from studio.language import _, sentences
from studio.models.folders import has_only_pickles, safe_weights, wanted_files
from studio.models.hub import explain_failure
from studio.room import room_words

Progress = Callable[[int, int], None]  # (bytes done, bytes altogether)
MARGIN_BYTES = GIGABYTE // 2  # left free on the disk, for the run itself


def download(model_id: str, revision: str | None, progress: Progress | None = None, token: Token = None) -> Path:
    """The model's folder in the Hub cache. An interrupted download continues where it stopped.

    Raises StudioError: unknown, private or gated model, no safetensors, no network, no space.
    """
    from huggingface_hub import HfApi, constants, snapshot_download

    try:
        info = HfApi(token=token).model_info(model_id, revision=revision, files_metadata=True, timeout=10)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
        files = wanted_files(sizes)
        _refuse_unusable(model_id, list(sizes))
        total = sum(sizes[file] for file in files)
        _check_space(model_id, total, Path(constants.HF_HUB_CACHE))
        folder = snapshot_download(
            model_id, revision=revision, allow_patterns=files, tqdm_class=_reporting(progress, total), token=token
        )
    except StudioError:
        raise
    except Exception as error:
        raise explain_failure(error, model_id, token) from error
    return Path(folder)


def _refuse_unusable(model_id: str, files: list[str]) -> None:
    if has_only_pickles(files):
        raise pickles_only(model_id)
    if "config.json" not in files or not safe_weights(files):
        raise StudioError(
            _("'{model}' is not a model that can be fine-tuned here.", model=model_id),
            _("Its repository holds no config.json with weights in the safetensors format."),
            _("Choose another model."),
        )


def pickles_only(model_id: str) -> StudioError:
    return StudioError(
        _("The weights of '{model}' are not loaded.", model=model_id),
        _("They come only as pickle files, and opening such a file can run any program hidden in it."),
        _("Choose a model with safetensors weights."),
    )


def _check_space(model_id: str, needed: int, cache: Path) -> None:
    free = free_disk_bytes(cache)
    if free < needed + MARGIN_BYTES:
        raise StudioError(
            _("There is not enough space to download '{model}'.", model=model_id),
            sentences(room_words(free, needed + MARGIN_BYTES), _("Models are kept in {folder}.", folder=cache)),
            _("Free some space there, choose a smaller model, or set HF_HOME to a folder on a larger disk."),
        )


def _reporting(progress: Progress | None, total: int) -> type[Any]:
    """A silent stand-in for the progress bar of huggingface_hub that passes its counts on."""
    from tqdm.auto import tqdm

    class Reporting(tqdm):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            self.counts_bytes = settings.get("unit") == "B"
            super().__init__(*arguments, **{**settings, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self.counts_bytes and progress is not None:
                progress(min(int(self.n), total), total)

    return Reporting
