"""Data that comes with the studio, to try it with. A sample is a file and an entry in the catalog beside it."""

import json
from dataclasses import dataclass
from pathlib import Path

from studio.paths import assets
from studio.registry import Registry


@dataclass(frozen=True)
class Sample:
    """task: the task it is made for. file: its name in assets/samples, read like any uploaded file."""

    name: str
    title: str
    sentence: str
    task: str
    file: str

    @property
    def path(self) -> Path:
        return assets() / "samples" / self.file


def shipped() -> list[Sample]:
    """The samples that assets/samples/catalog.json lists."""
    return [Sample(**values) for values in json.loads((assets() / "samples" / "catalog.json").read_text("utf-8"))]


SAMPLES: Registry[Sample] = Registry("sample", *shipped())
