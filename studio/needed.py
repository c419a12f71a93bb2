"""Which uploads and imported data sets drafts and runs need, deleted ones that can be restored among them.

It errs towards keeping: whatever occurs anywhere in a draft's or a run's files is needed, and as long as one of these
cannot be read, everything is.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from studio.paths import Home

NAME = re.compile(r"[0-9a-f]{16,}")  # of a folder in home.uploads and home.datasets, a part of a hash
# `data.source` in a line of its own, as the studio writes it, and with the next key behind it: nothing of it is cut off
SOURCE = re.compile(r"^( +)source: .*\n(?:\1 .*\n)*(?!\1 ) *\w", re.MULTILINE)
BEGUN = re.compile(r"^ +source:", re.MULTILINE)
YAML_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Needed:
    """names: of folders. damaged: files that cannot be read, so that nobody knows what else is needed."""

    names: frozenset[str]
    damaged: tuple[Path, ...]

    def keeps(self, folder: str) -> bool:
        return bool(self.damaged) or folder in self.names


def needed_in(home: Home) -> Needed:
    """What the drafts and runs of this home need."""
    names: set[str] = set()
    damaged = []
    for file, is_whole in _files(home):
        try:
            text = file.read_text(encoding="utf-8")
            if not is_whole(text):
                damaged.append(file)
        except FileNotFoundError:  # removed meanwhile, or never written
            continue
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            damaged.append(file)
            continue
        names.update(NAME.findall(text))
    return Needed(frozenset(names), tuple(damaged))


def _files(home: Home) -> Iterator[tuple[Path, Callable[[str], bool]]]:
    for draft in (*_inside(home.drafts), *_inside(home.deleted_drafts)):
        if draft.suffix == ".json" and not draft.name.startswith("."):  # not one that is being written
            yield draft, _is_object
    for run in (*_inside(home.runs), *_inside(home.trash)):
        yield run / "run.yaml", _names_data
        yield run / "meta.json", _is_object
        yield run / "data" / "dataset.json", _is_object


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _is_object(text: str) -> bool:
    return isinstance(json.loads(text), dict)


def _names_data(text: str) -> bool:
    """A run file that was cut off may still be YAML. Those that the studio wrote are not parsed, for that takes a
    millisecond each."""
    if BEGUN.search(text):
        return SOURCE.search(text) is not None
    values: Any = yaml.load(text, YAML_LOADER)
    data = values.get("data") if isinstance(values, dict) else None
    return isinstance(data, dict) and isinstance(data.get("source"), str)
