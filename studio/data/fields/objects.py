"""What spans and boxes share: a cell that holds a JSON list of labelled things."""

import json
from collections import Counter
from typing import Any

import pandas

from studio.errors import StudioError


def read_list(cell: str, shape: str) -> list[dict[str, Any]]:
    """The objects of a cell. shape: how one looks, for the message. Raises StudioError."""
    try:
        values = json.loads(cell)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise StudioError(f"'{cell[:60]}' cannot be read.", f"A list such as [{shape}] is expected.", "Correct it.")
    return values


def label_in(value: dict[str, Any], shape: str) -> str:
    """The label of one object. Raises StudioError where it has none."""
    label = value.get("label")
    if not isinstance(label, str | int) or not str(label).strip():
        raise StudioError("A label is missing.", f"Each entry looks like {shape}.", "Add the label.")
    return str(label).strip()


def labels_of(cell: str) -> tuple[str, ...]:
    """The labels in a cell that can be read; of any other none."""
    try:
        return tuple(label_in(value, "") for value in read_list(cell, ""))
    except StudioError:
        return ()


def rarest_label(cells: pandas.Series) -> pandas.Series:
    """For each cell the label in it that is rarest over all cells: a split that mixes these misses none."""
    found = cells.map(lambda cell: labels_of(str(cell)))
    counts = Counter(label for labels in found for label in set(labels))
    return found.map(lambda labels: min(sorted(set(labels)), key=counts.__getitem__, default="")).astype("str")
