"""What an exporter is: a format in which a finished run is exported. One file here, one line in `studio.exporters`."""

from pathlib import Path
from typing import Protocol

from studio.store import Run


class Exporter(Protocol):
    name: str
    title: str
    sentence: str

    def why_not(self, run: Run) -> str | None:
        """A sentence why this run cannot be exported so, or None when it can. Imports nothing heavy."""
        ...

    def export(self, run: Run, to: Path) -> Path:
        """Write into the folder `to`; return what was written (a folder or a file)."""
        ...
