"""The rows of a run and its model, before anything is decided about training."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas

from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.importing import Imported, import_source
from studio.data.limits import limits_here
from studio.engine.preparation import Prepared, load_model, prepare
from studio.engine.random_state import seed_everything
from studio.engine.reporting import Reporter
from studio.errors import StudioError
from studio.language import _
from studio.models.sources import fetch
from studio.paths import Home
from studio.processes import trusts_remote_code
from studio.tasks.loading import Loaded, config_of
from studio.training.needs import config_changes


@dataclass
class Material:
    """files: where the table's images lie."""

    table: pandas.DataFrame
    prepared: Prepared
    dataset: str  # name of the folder with the imported data
    files: Path | None


def load(config: RunConfig, home: Home, reporter: Reporter) -> Material:
    """Read the data, fetch the model, and encode the rows for it."""
    imported, table = _read_data(config, home, reporter)
    loaded = _read_model(config, table, home, reporter)
    prepared = prepare(
        config.chosen_task,
        loaded,
        table,
        imported.files,
        lambda done, total: reporter.phase("preparing", _("Preparing the examples."), done, total),
    )
    if config.training.mixup or config.training.cutmix:
        prepared = replace(prepared, varying=prepared.varying | {"train"})
    return Material(table, prepared, imported.folder.name, imported.files)


def _read_data(config: RunConfig, home: Home, reporter: Reporter) -> tuple[Imported, pandas.DataFrame]:
    def reading(sentence: str, done: int, total: int) -> None:
        reporter.phase("reading", sentence, done, total)

    reporter.phase("reading", _("Reading the data."))
    data = config.data
    imported = import_source(data.source, data.reading, home, limits_here(), reading, data.files)
    task = config.chosen_task
    table = assemble(imported, data, task.columns, task.check).table
    if not (table["split"] == "train").any():
        raise StudioError(
            _("There is nothing to learn from."), _("No usable row is in the training split."), _("Add more data.")
        )
    return imported, table


def _read_model(config: RunConfig, table: pandas.DataFrame, home: Home, reporter: Reporter) -> Loaded:
    reporter.phase("loading", _("Loading the model."))
    folder = fetch(
        config.model.id,
        config.model.revision,
        lambda done, total: reporter.phase("downloading", _("Downloading the model."), done, total),
        home,
    )
    seed_everything(config.training.seed)  # the new head's first weights
    changes = config_changes(config.training, config_of(folder))
    loading = config.chosen_strategy.loading(config.strategy_options)
    return load_model(config.chosen_task, table, folder, config.task_options, changes, trusts_remote_code(), loading)
