"""The names of the classes in masks, from the list beside them: a name a line, JSON, or a label map of CVAT."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from studio.data.folders.base import Upload
from studio.data.masks import Masks, RawMask

LISTS = ("labelmap.txt", "label_names.txt", "classes.txt", "labels.txt", "codes.txt", "id2label.json", "classes.json")
LARGEST_LIST = 200_000  # bytes


def mask_files(upload: Upload, files: Mapping[int, str]) -> Masks:
    """files: row -> the file of its mask."""
    names, colours = listed_names(upload)
    return Masks({row: RawMask(file) for row, file in files.items()}, names, colours)


def listed_names(upload: Upload) -> tuple[list[str], dict[str, str]]:
    """Names of the numbers in their order, and of colours ("#rrggbb")."""
    there = {PurePosixPath(name).name.lower(): name for name in (*upload.found.tables, *upload.found.others)}
    name = next((there[known] for known in LISTS if known in there), None)
    if name is None or upload.size(name) > LARGEST_LIST:
        return [], {}
    text = upload.text(name)
    if name.lower().endswith(".json"):
        return _from_json(text), {}
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    colours = {}
    for line in lines:
        label, _unused, rest = line.partition(":")
        parts = rest.partition(":")[0].split(",")
        if len(parts) == 3 and all(part.strip().isdigit() and int(part) < 256 for part in parts):
            colours["#{:02x}{:02x}{:02x}".format(*map(int, parts))] = label
    return ([], colours) if colours else (lines, {})


def _from_json(text: str) -> list[str]:
    """A list of names, or an object number -> name or name -> number. Numbers without a name are called by these."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if isinstance(value, dict):
        pairs = [(key, each) if str(key).isdigit() else (each, key) for key, each in value.items()]
        numbered = {int(key): str(name) for key, name in pairs if str(key).isdigit() and int(key) < 256}
        return [numbered.get(number, f"class {number}") for number in range(max(numbered, default=-1) + 1)]
    return [str(each) for each in value] if isinstance(value, list) else []
