"""Where things lie. The only module that knows it."""

import os
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME_VARIABLE = "STUDIO_HOME"
PEOPLE = "people"


def assets() -> Path:
    """The folder of fonts, icons, samples and starters: in the repository, or inside an installed wheel."""
    beside = PACKAGE.parent / "assets"
    return beside if beside.is_dir() else PACKAGE / "_assets"


@dataclass(frozen=True)
class Home:
    """The studio's folder on this machine: everything it writes lies below `root`.

    Where several people use one server, each has a home of their own inside the server's: what belongs to one of them
    lies below another's folder nowhere. Caches and locks are the server's, and the same for all.
    """

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
    def people(self) -> Path:
        """The homes of the people who use this server."""
        return self.root / PEOPLE

    def of_person(self, name: str) -> "Home":
        return Home(self.people / name)

    @property
    def server(self) -> "Home":
        """The home that this one lies in, where it is a person's; else itself."""
        return Home(self.root.parent.parent) if self.root.parent.name == PEOPLE else self

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def sweeps(self) -> Path:
        """Searches over settings, whose trials are runs, see `studio.sweeps`."""
        return self.root / "sweeps"

    @property
    def busy(self) -> Path:
        """Marks of the runs that wait or are at work, see `studio.store`."""
        return self.root / "busy"

    @property
    def run_index(self) -> Path:
        """What lists say of every run: made from the runs, and rebuilt when it is deleted."""
        return self.root / "cache" / "runs.sqlite"

    @property
    def trash(self) -> Path:
        """Deleted runs, until they are restored or removed for good."""
        return self.root / "trash"

    @property
    def removed(self) -> Path:
        """What is just being removed for good, see `studio.removal`."""
        return self.root / "removed"

    @property
    def drafts(self) -> Path:
        return self.root / "drafts"

    @property
    def deleted_drafts(self) -> Path:
        """Deleted projects, until they are restored or removed for good."""
        return self.root / "deleted-drafts"

    @property
    def uploads(self) -> Path:
        """Uploaded files as they are, one folder per content hash."""
        return self.root / "uploads"

    @property
    def datasets(self) -> Path:
        """Uploads read into one table (and a folder of images), one folder per content and way of reading."""
        return self.root / "datasets"

    @property
    def activations(self) -> Path:
        """What frozen layers say about rows, recorded once for all runs, see `studio.activation_store`."""
        return self.root / "activations"

    @property
    def downloads(self) -> Path:
        """Exported archives that the browser fetches."""
        return self.root / "downloads"

    @property
    def cache(self) -> Path:
        """Small measured facts that can be found again: checked files, this machine's speed, the Hub's last answer."""
        return self.server.root / "cache"

    @property
    def temporary(self) -> Path:
        """What browsers have sent, until it is kept or a day has gone by."""
        return self.server.root / "temporary"

    @property
    def sent(self) -> Path:
        """The part of it that this person's browser has sent."""
        return self.temporary if self.server == self else self.temporary / PEOPLE / self.root.name

    @property
    def sessions(self) -> Path:
        """Who is signed in: a file for each session, see `studio.app.access.sessions`."""
        return self.root / "sessions"

    @property
    def hub_names(self) -> Path:
        """Whose the names with rights are at Hugging Face: a file for each, see `studio.app.access.hub_people`."""
        return self.root / "hub-names"

    @property
    def shared(self) -> Path:
        """Which runs their owners share with others: a file for each, see `studio.sharing`."""
        return self.server.root / "shared"

    @property
    def locks(self) -> Path:
        return self.server.root / "locks"
