"""What spans and boxes share: a cell that holds a JSON list of labelled things."""

import ast
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas

from studio.data.formats.base import encodable
from studio.data.profile import ColumnProfile
from studio.errors import StudioError
from studio.language import _

LONGEST_LITERAL = 200_000  # characters of a list as Python writes it, which takes much memory to read
MOSTLY = 0.9  # of a column's cells
ALL_EMPTY = 2.0  # how much lists that are all empty look like a field
LABELS = (
    "label", "labels", "type", "tag", "entity", "entity_group", "entity_type", "class", "classes", "class_name",
    "category", "categories", "category_id", "name",
)  # fmt: skip


def read_list(cell: str, shape: str) -> list[dict[str, Any]]:
    """The objects of a cell. shape: how one looks, for the message. Raises StudioError."""
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise StudioError(
            _("'{cell}' cannot be read.", cell=cell[:60]),
            _("A list such as [{shape}] is expected.", shape=shape),
            _("Correct it."),
        )
    return values


def read_loosely(cell: str) -> Any:
    """What a cell holds, as JSON or as Python writes lists and objects; None for anything else."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    if len(cell) > LONGEST_LITERAL or not cell.lstrip().startswith(("[", "{")):
        return None
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def first_of(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What stands under the first of these names that is there."""
    return next((value[name] for name in names if name in value), None)


def label_of(value: Mapping[str, Any]) -> Any:
    """The label under whichever of the usual names; of a list with one label, that."""
    label = first_of(value, LABELS)
    return label[0] if isinstance(label, list) and len(label) == 1 else label


def label_in(value: dict[str, Any], shape: str) -> str:
    """The label of one object. Raises StudioError where it has none."""
    label = value.get("label")
    if not isinstance(label, str | int) or not str(label).strip():
        raise StudioError(
            _("A label is missing."), _("Each entry looks like {shape}.", shape=shape), _("Add the label.")
        )
    return encodable(str(label).strip())


def labels_of(cell: str) -> tuple[str, ...]:
    """The labels in a cell that can be read; of any other none."""
    try:
        return tuple(label_in(value, "") for value in read_list(cell, ""))
    except StudioError:
        return ()


def with_labels(cell: str, names: Mapping[str, str]) -> str:
    """A cell that can be read, with other names for some of its labels; any other as it is. names: old -> new."""
    try:
        values = [{**value, "label": label_in(value, "")} for value in read_list(cell, "")]
    except StudioError:
        return cell
    named = [{**value, "label": names.get(value["label"], value["label"])} for value in values]
    return json.dumps(named, ensure_ascii=False)


def rarest_label(cells: pandas.Series) -> pandas.Series:
    """For each cell the label in it that is rarest over all cells: a split that mixes these misses none."""
    found = cells.map(lambda cell: labels_of(str(cell)))
    counts = Counter(label for labels in found for label in set(labels))
    return found.map(lambda labels: min(sorted(set(labels)), key=counts.__getitem__, default="")).astype("str")


def fit_of_lists(profile: ColumnProfile, read: Callable[[str], list[Any]]) -> float:
    """How much a column of lists looks like a field that reads its cells so (see `Field.fit`): at least half of the
    samples, so that rows with mistakes are listed, and do not hide the column."""
    if profile.lists <= MOSTLY:
        return 0.0
    found = [_read(read, cell) for cell in profile.samples]
    if found.count(None) * 2 > len(found):
        return 0.0
    return 20.0 if any(found) else ALL_EMPTY


def _read(read: Callable[[str], list[Any]], cell: str) -> list[Any] | None:
    try:
        return read(cell)
    except StudioError:
        return None
