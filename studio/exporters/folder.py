"""The model as a standard folder: weights, labels, tokenizer or image processor, model card, run file."""

import shutil
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

from studio.config import RunConfig
from studio.errors import StudioError
from studio.exporters.card import loading_code, write_card
from studio.exporters.for_timm import describe_for_timm
from studio.exporters.lengths import cut_texts_alike
from studio.exporters.sharing import clean_settings, for_others
from studio.files import give_usual_rights, read_as, replace_text, replacing
from studio.language import _
from studio.models.settings_files import label_names
from studio.store import COMPLETE, Run, is_complete
from studio.strategies import STRATEGIES
from studio.strategies.base import LoadingCode

ZIPPED_AT_ONCE = 64 * 1024**2  # bytes
_OF_A_MODEL = ("*.safetensors", "*.safetensors.index.json")


class Folder:
    name = "folder"
    title = _("Standard folder")
    sentence = _("Everything that is needed to use the model elsewhere, with a description; loads with transformers.")

    def why_not(self, run: Run) -> str | None:
        return unfinished(run)

    def export(self, run: Run, to: Path) -> Path:
        config = RunConfig.from_file(run.config_file)
        empty_folder(to, run)
        for file in sorted(run.model.iterdir()):
            if file.is_file() and file.name not in (COMPLETE, "README.md"):
                shutil.copy2(file, to / file.name)
        describe(run, config, to, loading_code(run, config))
        return to


def unfinished(run: Run) -> str | None:
    return None if is_complete(run.model) else _("The run has no finished model yet.")


def empty_folder(to: Path, run: Run) -> None:
    """Make sure that there is a model to write, and a folder for it that holds nothing else."""
    reason = unfinished(run)
    if reason:
        raise StudioError(
            _("'{run}' cannot be exported.", run=run.name), reason, _("Wait for the end of the training.")
        )
    if to.is_file() or (to.is_dir() and any(to.iterdir()) and not (to / "run.yaml").is_file()):
        raise StudioError(
            _("The model cannot be written to '{folder}'.", folder=to),
            _("There is something else already."),
            _("Choose an empty or a new folder."),
        )
    to.mkdir(parents=True, exist_ok=True)
    # of an earlier export: an adapter's files beside a whole model's would confuse loaders
    own = {pattern for strategy in STRATEGIES for pattern in strategy.own_files}
    for pattern in (*_OF_A_MODEL, *sorted(own)):
        for file in to.glob(pattern):
            file.unlink()


def describe(run: Run, config: RunConfig, to: Path, loading: LoadingCode | None) -> None:
    """Add the model card and the run file; paths of this machine stay here. loading: as of `write_card`."""
    clean_settings(to, config)
    cut_texts_alike(to, config)
    describe_for_timm(to)
    replace_text(to / "run.yaml", for_others(config).to_text())
    replace_text(to / "README.md", write_card(run, config, labels_in(to), loading))
    give_usual_rights(to)


def labels_in(folder: Path) -> tuple[str, ...]:
    """The names of a model's outputs, as its config.json lists them."""

    def listed(config: dict[str, Any]) -> tuple[str, ...]:
        names = label_names(config)
        return tuple(str(names[index]) for index in sorted(names, key=int))

    return read_as(folder / "config.json", listed) or ()


def zip_folder(folder: Path, archive: Path) -> Generator[None, None, None]:
    """`folder` as the ZIP `archive`, whose entries lie below one folder of its name. Weights are not compressed.

    It is written as the iteration goes on, so that it can be left; `archive` is there at the end of it.
    """
    with replacing(archive) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as target:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo.from_file(file, Path(archive.stem) / file.relative_to(folder))
            with file.open("rb") as source, target.open(entry, "w") as place:
                while block := source.read(ZIPPED_AT_ONCE):
                    place.write(block)
                    yield
