"""A file of inputs for a finished run, read as the run's own data was where that fits, and as it looks otherwise."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas

from studio.config import RunConfig
from studio.data.columns import Column
from studio.data.fields import FIELDS
from studio.data.folders.base import Found, Upload
from studio.data.folders.image_table import naming_tables, read
from studio.data.guessing import find_column, guess_columns
from studio.data.importing import Imported
from studio.data.limits import Limits
from studio.data.media import Media
from studio.data.options import ReadingOptions
from studio.data.reading import look_at, read_table
from studio.errors import StudioError
from studio.language import _, listing, sentences
from studio.store import Run


@dataclass(frozen=True)
class FileChoices:
    """columns: which column each role has, by the run's own data. readings: how the file may be read, the first that
    fits."""

    columns: Mapping[str, str]
    readings: Sequence[ReadingOptions]

    @classmethod
    def of(cls, run: Run, config: RunConfig, columns: Mapping[str, str], reading: Mapping[str, Any]) -> "FileChoices":
        """columns, reading: what somebody chose for this file, which comes first."""
        known, own, imported = dict(config.data.columns), config.data.reading, None
        with suppress(StudioError):  # its data cannot be looked at any more; the model answers all the same
            imported = Imported.open(run.home.datasets / run.dataset) if run.dataset else None
        if imported is not None:
            known = guess_columns(imported, config.chosen_task.columns, known)
            own = imported.reading
        stated = config.data.reading.stated()
        if reading:
            return cls({**known, **columns}, (ReadingOptions.read({**stated, **reading}),))
        return cls({**known, **columns}, (own, config.data.reading, ReadingOptions()))


@dataclass(frozen=True)
class Inputs:
    """table: of texts. taken: input -> the column that it is read from, or "". problem: why there is none. gathered: of
    inputs that hold all columns without another role, a cell for each row. unread: why a row, by its number, is empty.
    """

    table: pandas.DataFrame
    reading: ReadingOptions
    taken: Mapping[str, str]
    problem: StudioError | None = None
    gathered: Mapping[str, pandas.Series] = field(default_factory=dict)
    unread: Mapping[int, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        columns = [str(name) for name in self.table.columns]
        return {"columns": columns, "taken": dict(self.taken), "reading": self.reading.stated()}


def read_inputs(source: Path, inputs: Sequence[Column], choices: FileChoices, limits: Limits) -> Inputs:
    """Raises StudioError where the file cannot be read at all."""
    *others, last = dict.fromkeys(choices.readings)
    for reading in others:
        with suppress(StudioError):  # what is said is about the last way of reading it
            found = _read(source, inputs, choices.columns, reading, limits)
            if all(choices.columns.get(role) == name for role, name in found.taken.items()):
                return found
    return _read(source, inputs, choices.columns, last, limits)


def _read(
    source: Path, inputs: Sequence[Column], columns: Mapping[str, str], reading: ReadingOptions, limits: Limits
) -> Inputs:
    table, _lines = read_table(source, reading, limits)
    return _taken(table, look_at(source, reading, limits).options, inputs, columns)


def read_named(
    folder: Path, found: Found, media: Media, inputs: Sequence[Column], choices: FileChoices, limits: Limits
) -> Inputs:
    """The rows of a table beside the images or recordings that it names. Raises StudioError where there is none."""
    upload = Upload(folder, found, choices.readings[-1], limits)
    if not naming_tables(upload):
        names = listing([column.title for column in inputs])
        raise StudioError(
            _("There is no table in the ZIP that names its files."),
            _("The model is asked with several things for each row: {names}.", names=names),
            _("Put a table (CSV, Excel, ...) beside the files, with a column for each."),
        )
    listed = read(media, upload)
    unread = {each.row: sentences(each.what, each.why) for each in listed.problems if each.drops and each.row}
    table = listed.table.reindex(sorted({*listed.table.index, *unread})).fillna("")
    return replace(_taken(table, listed.reading, inputs, choices.columns), unread=unread)


def _taken(
    table: pandas.DataFrame, reading: ReadingOptions, inputs: Sequence[Column], columns: Mapping[str, str]
) -> Inputs:
    there, taken, problem = [str(name) for name in table.columns], {}, None
    gathered = {}
    for column in inputs:
        if FIELDS[column.kind].gathers:
            table, gathered[column.name] = FIELDS[column.kind].asked(table, columns)
    for column in inputs:
        if column.name in gathered:
            continue
        try:
            taken[column.name] = find_column(there, columns.get(column.name), column.name, column.hints)
        except StudioError as error:
            taken[column.name], problem = "", problem or error
    return Inputs(table, reading, taken, problem, gathered)
