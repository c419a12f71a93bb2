"""From a model's name to its folder: a local folder, a starter, or a model of the Hub."""

from collections.abc import Iterator
from pathlib import Path

from studio.errors import StudioError
from studio.hub_token import token_for
from studio.language import _, listing
from studio.models.download import Progress, download, pickles_only
from studio.models.folders import (
    CONFIG,
    file_names,
    has_only_pickles,
    is_complete,
    is_folder,
    wanted_files,
    weight_files,
)
from studio.models.starters import PREFIX, STARTERS, locate_starter, missing_starter
from studio.paths import Home


def locate(model_id: str, revision: str | None = None, home: Home | None = None) -> Path | None:
    """Where a usable model lies on this machine, or None. Asks nothing of the network.

    model_id: a folder's path, `starter/NAME`, or a Hub id, which must be complete in the Hub cache.
    Raises StudioError for an unknown starter, or one whose weights were changed.
    """
    return next((folder for folder in candidates(model_id, revision, home) if is_complete(folder)), None)


def candidates(model_id: str, revision: str | None = None, home: Home | None = None) -> Iterator[Path]:
    """The folders in which a model may lie, the first complete one of which counts. Raises as `locate`."""
    if model_id.startswith(PREFIX):
        starter = locate_starter(STARTERS[model_id.removeprefix(PREFIX)], home or Home.find())
        yield from [starter] if starter else []
        return
    folder = local_folder(model_id)
    if folder is not None:
        yield folder
    snapshot = None if looks_like_path(model_id) else _snapshot(model_id, revision)
    yield from [snapshot] if snapshot else []


def fetch(
    model_id: str, revision: str | None = None, progress: Progress | None = None, home: Home | None = None
) -> Path:
    """The folder of the model, downloaded from the Hub where it is not on this machine yet.

    progress: called with (bytes done, bytes altogether) during a download.
    Raises StudioError in plain words whatever stands in the way.
    """
    folder = locate(model_id, revision, home)
    if folder is not None:
        return folder
    reason = why_only_local(model_id)
    if reason is not None:
        raise reason
    return download(model_id, revision, progress, token_for(home or Home.find()))


def why_only_local(model_id: str) -> StudioError | None:
    """For a model that `locate` did not find: why no download can help, or None where the Hub may have it."""
    if model_id.startswith(PREFIX):
        return missing_starter(STARTERS[model_id.removeprefix(PREFIX)])
    if looks_like_path(model_id) or local_folder(model_id):
        return _unusable_folder(local_folder(model_id) or Path(model_id))
    return None


def local_folder(model_id: str) -> Path | None:
    """The real folder of that path, or None where there is none that can be looked into."""
    try:
        folder = Path(model_id).expanduser()
    except RuntimeError:  # the home of somebody who is not there
        return None
    return folder.resolve() if is_folder(folder) else None


def in_hub_cache(model_id: str, revision: str | None = None) -> Path | None:
    """The folder of a Hub model that was downloaded in full earlier, or None."""
    folder = _snapshot(model_id, revision)
    return folder if folder and is_complete(folder) else None


def _snapshot(model_id: str, revision: str | None) -> Path | None:
    """Its folder in the Hub cache, if no file of those that the Hub listed is missing there."""
    from huggingface_hub import get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import (
        CachedRepoTreeNotFoundError,
        HFValidationError,
        IncompleteSnapshotError,
        LocalEntryNotFoundError,
    )

    if revision and (Path(revision).anchor or ".." in Path(revision).parts):
        return None  # the library would read any file of that name, and what it says as the model's folder
    try:
        folder = Path(snapshot_download(model_id, revision=revision, local_files_only=True, allow_patterns=[CONFIG]))
        expected = wanted_files(file.path for file in get_cached_repo_tree(model_id, revision=revision))
    except CachedRepoTreeNotFoundError:
        expected = []  # fetched by an older library, which kept no list: the weights' own index has to do
    except (LocalEntryNotFoundError, IncompleteSnapshotError, HFValidationError):
        return None
    return folder if all((folder / file).exists() for file in expected) else None


def looks_like_path(model_id: str) -> bool:
    """True where the text can only mean a folder, never a Hub id (`name` or `owner/name`)."""
    return model_id.startswith((".", "/", "~", "\\")) or "\\" in model_id or ":" in model_id or model_id.count("/") > 1


def _unusable_folder(folder: Path) -> StudioError:
    if not is_folder(folder):
        return StudioError(
            _("There is no model folder {folder}.", folder=folder),
            _("There is nothing at this path."),
            _("Check the path, or choose another model."),
        )
    if has_only_pickles(file_names(folder)):
        return pickles_only(str(folder))
    missing = [CONFIG] if not (folder / CONFIG).is_file() else []
    try:
        missing += [] if weight_files(folder) else ["model.safetensors"]
    except StudioError as error:
        return error
    return StudioError(
        _("The folder {folder} does not hold a whole model.", folder=folder),
        _("Missing: {files}.", files=listing(missing)),
        _("Choose a folder that `save_pretrained` of transformers wrote."),
    )
