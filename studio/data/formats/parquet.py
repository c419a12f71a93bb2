"""Parquet files."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow
import pyarrow.parquet

from studio.data.formats.base import (
    MOST_COLUMNS,
    Format,
    RawTable,
    check_cells,
    check_rows,
    distinct_names,
    no_rows,
)
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.token_columns import named_tags
from studio.errors import StudioError

ROWS_AT_ONCE = 1000


def guess(path: Path, given: ReadingOptions, limits: Limits) -> ReadingOptions:
    """A Parquet file says itself how it is to be read."""
    return ReadingOptions()


def read(path: Path, reading: ReadingOptions, limits: Limits) -> RawTable:
    """All rows, in pieces, so that a small file which unfolds without end is noticed on the way."""
    columns: list[list[object]] = []
    names: list[str] = []
    metadata: Mapping[bytes, bytes] = {}
    count = size = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            metadata = file.schema_arrow.metadata or {}
            distinct_names(names[: MOST_COLUMNS + 1])  # raises for too many
            columns = [[] for _ in names]
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
                count, size = count + batch.num_rows, size + batch.nbytes
                check_rows(count, limits)
                check_cells(count, len(names))
                if size > limits.unpacked_bytes:
                    raise StudioError(
                        f"{path.name} is too large.",
                        f"Its values take more than {limits.unpacked_megabytes:,} MB.",
                        "Use a smaller part of it.",
                    )
                for column, values in zip(columns, batch.columns, strict=True):
                    column.extend(values.to_pylist())
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise StudioError(
            f"{path.name} cannot be read as Parquet.", f"{error}", "The file may be incomplete; copy it again."
        ) from error
    if not count:
        raise no_rows(path)
    known = classes_in_lists(metadata)
    columns = [
        named_tags(column, known[name]) if name in known else column
        for name, column in zip(names, columns, strict=True)
    ]
    return RawTable(names, columns, range(1, count + 1))


def classes_in_lists(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Column -> names of classes, for columns with lists of numbers of classes: the `datasets` library writes them."""
    try:
        schema = json.loads(metadata.get(b"huggingface", b""))
        features = dict(schema["info"]["features"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}
    inner = {name: feature.get("feature") for name, feature in features.items() if isinstance(feature, dict)}
    names = {name: feature.get("names") for name, feature in inner.items() if isinstance(feature, dict)}
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
