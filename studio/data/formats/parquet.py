"""Parquet files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from studio.data.formats.base import (
    MOST_COLUMNS,
    Format,
    RawTable,
    Reading,
    check_cells,
    check_growth,
    check_rows,
    distinct_names,
    no_rows,
)
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.token_columns import named_tags
from studio.errors import StudioError
from studio.language import _

ROWS_AT_ONCE = 1000


def guess(path: Path, given: ReadingOptions, limits: Limits) -> Reading:
    """A Parquet file says itself how it is to be read."""
    return Reading(ReadingOptions())


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """All rows, in pieces, so that a small file which unfolds without end is noticed on the way."""
    columns: list[list[object]] = []
    names: list[str] = []
    metadata: Mapping[bytes, bytes] = {}
    count = size = 0
    try:
        with pyarrow.parquet.ParquetFile(path, read_dictionary=_texts(path)) as file:
            names = list(file.schema_arrow.names)
            metadata = file.schema_arrow.metadata or {}
            distinct_names(names[: MOST_COLUMNS + 1])  # raises for too many
            columns = [[] for _unused in names]
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                count, size = count + batch.num_rows, size + sum(map(unfolded, batch.columns))
                check_rows(count, limits)
                check_cells(count, len(names))
                check_growth(size, path, limits)
                for column, values in zip(columns, batch.columns, strict=True):
                    column.extend(cells(values))
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise StudioError(
            _("{file} cannot be read as a Parquet file.", file=path.name),
            f"{error}",
            _("The file may be incomplete; copy it again."),
        ) from error
    if not count:
        raise no_rows(path)
    known = classes_in_lists(metadata)
    columns = [
        named_tags(column, known[name]) if name in known else column
        for name, column in zip(names, columns, strict=True)
    ]
    classes = class_names(metadata)
    columns = [
        [named_class(value, classes[name]) for value in column] if name in classes else column
        for name, column in zip(names, columns, strict=True)
    ]
    return RawTable(names, columns, range(1, count + 1))


def _texts(path: Path) -> list[str]:
    """The columns of texts, which are read as the file holds them: each different one once."""
    schema = pyarrow.parquet.read_schema(path)
    kinds = (pyarrow.types.is_string, pyarrow.types.is_large_string, pyarrow.types.is_binary)
    return [field.name for field in schema if any(known(field.type) for known in kinds)]


def unfolded(values: pyarrow.Array) -> int:
    """Bytes of a column, with every cell counted as long as it is."""
    if not pyarrow.types.is_dictionary(values.type):
        return values.nbytes
    try:
        lengths = pyarrow.compute.binary_length(values.dictionary)
    except pyarrow.ArrowNotImplementedError:  # a dictionary of numbers
        return values.nbytes
    return int(pyarrow.compute.sum(lengths.take(values.indices)).as_py() or 0)


def cells(values: pyarrow.Array) -> list[object]:
    """A column as values of Python; a text that comes again is the same object, not a copy."""
    if not pyarrow.types.is_dictionary(values.type):
        return values.to_pylist()
    different = values.dictionary.to_pylist()
    return [None if place is None else different[place] for place in values.indices.to_pylist()]


def features_of(metadata: Mapping[bytes, bytes]) -> dict[str, dict[str, Any]]:
    """Column -> what the `datasets` library wrote about it."""
    try:
        schema = json.loads(metadata.get(b"huggingface", b""))
        features = dict(schema["info"]["features"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    return {name: feature for name, feature in features.items() if isinstance(feature, dict)}


def class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Column -> names of classes, for columns with numbers of classes."""
    return _strings_alone({name: feature.get("names") for name, feature in features_of(metadata).items()})


def classes_in_lists(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """The same for columns with lists of such numbers."""
    inner = {name: feature.get("feature") for name, feature in features_of(metadata).items()}
    return _strings_alone({name: each.get("names") for name, each in inner.items() if isinstance(each, dict)})


def named_class(value: object, names: Sequence[str]) -> object:
    """The name of a class; -1 stands for a row without one."""
    if not isinstance(value, int):
        return value
    return names[value] if 0 <= value < len(names) else None


def is_image_value(value: object) -> bool:
    """What the `datasets` library stores an image as: its bytes, and the name of its file."""
    return isinstance(value, dict) and isinstance(value.get("bytes"), bytes) and set(value) <= {"bytes", "path"}


def embedded_images(path: Path) -> str | None:
    """The first column that holds images, as bytes, or None."""
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for each in file.schema_arrow:
                fields = {part.name for part in each.type} if pyarrow.types.is_struct(each.type) else set()
                if fields == {"bytes", "path"} and pyarrow.types.is_binary(each.type.field("bytes").type):
                    return str(each.name)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError):
        return None
    return None


def _strings_alone(names: Mapping[str, object]) -> dict[str, list[str]]:
    return {
        name: some
        for name, some in names.items()
        if isinstance(some, list) and all(isinstance(each, str) for each in some)
    }


PARQUET = Format(
    "parquet",
    "Parquet",
    (".parquet", ".pq"),
    lambda path, head: head.startswith(b"PAR1"),
    guess,
    read,
)
