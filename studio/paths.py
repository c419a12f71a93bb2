"""Where things lie. The only module that knows it."""

import os
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME_VARIABLE = "STUDIO_HOME"


def assets() -> Path:
    """The folder of fonts, icons, samples and starters: in the repository, or inside an installed wheel."""
    beside = PACKAGE.parent / "assets"
    return beside if beside.is_dir() else PACKAGE / "_assets"


@dataclass(frozen=True)
class Home:
    """The studio's folder on this machine: everything it writes lies below `root`."""

    root: Path

    @classmethod
    def find(cls, explicit: str | Path | None = None) -> "Home":
        """`explicit`, else the environment variable STUDIO_HOME, else `~/.fine-tuning-studio`."""
        chosen = explicit or os.environ.get(HOME_VARIABLE)
        return cls(Path(chosen).expanduser().resolve()) if chosen else cls.usual()

    @classmethod
    def usual(cls) -> "Home":
        """Where things lie when nobody says otherwise."""
        return cls((Path.home() / ".fine-tuning-studio").resolve())

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def busy(self) -> Path:
        """Marks of the runs that wait or are at work, see `studio.store`."""
        return self.root / "busy"

    @property
    def run_index(self) -> Path:
        """What lists say of every run: made from the runs, and rebuilt when it is deleted."""
        return self.cache / "runs.sqlite"

    @property
    def trash(self) -> Path:
        """Deleted runs, until they are restored or the trash is emptied."""
        return self.root / "trash"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def uploads(self) -> Path:
        """Uploaded files as they are, one folder per content hash."""
        return self.root / "uploads"

    @property
    def datasets(self) -> Path:
        """Uploads read into one table (and a folder of images), one folder per content and way of reading."""
        return self.root / "datasets"

    @property
    def downloads(self) -> Path:
        """Exported archives that the browser fetches."""
        return self.root / "downloads"

    @property
    def cache(self) -> Path:
        """Small measured facts that can be found again: checked files, this machine's speed, the Hub's last answer."""
        return self.root / "cache"

    @property
    def locks(self) -> Path:
        return self.root / "locks"
