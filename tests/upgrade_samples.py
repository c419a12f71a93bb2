"""Samples of what earlier versions wrote to disk, opened here as if this machine had written them.

tests/upgrade/samples/vN/ is what the code wrote when its formats were new; see tests/upgrade/make_sample.py.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.paths import Home

FOLDER = Path(__file__).resolve().parent / "upgrade" / "samples"
NAMES = sorted(path.name for path in FOLDER.iterdir())
PLACEHOLDER = "@SAMPLE@"  # for the sample's own folder


@dataclass(frozen=True)
class Sample:
    """One version's sample, in a folder of its own. expected: what that version saw in it (sample.json)."""

    root: Path
    expected: dict[str, Any]

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    @property
    def runs(self) -> dict[str, Any]:
        """What was seen of each run, by id."""
        return {**self.expected["runs"], **self.expected.get("queue", {})}


def expected_of(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / name / "sample.json").read_text(encoding="utf-8"))
    return values


def open_sample(name: str, folder: Path) -> Sample:
    """A copy below `folder` that a test may change, with the paths of this machine."""
    root = shutil.copytree(FOLDER / name, folder / name)
    for path in root.rglob("*"):
        if path.is_file() and is_text(content := path.read_bytes()):
            path.write_bytes(content.replace(PLACEHOLDER.encode(), root.as_posix().encode()))
    return Sample(root, json.loads((root / "sample.json").read_text(encoding="utf-8")))


def is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
