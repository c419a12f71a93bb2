"""What belongs to whom: each person's runs, data, drafts and downloads, in a folder of their own.

Where one person uses the studio, that is the studio's home itself.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from studio.app.access.person import Person, current_person
from studio.app.answers import Asking
from studio.app.draft_data import Datasets
from studio.app.drafts import Drafts
from studio.app.prediction_files import FileAnswers
from studio.app.promised import Promised
from studio.app.sharing import OpenStore, has_link, remember_link
from studio.app.under_way import Question
from studio.jobs import Job
from studio.models.hub import SearchResult
from studio.paths import Home
from studio.run_index import RunIndex
from studio.store import Store

REMEMBERED = 100  # workspaces whose tables are kept in memory


class Example(NamedTuple):
    """A test example that was clicked: what the fields for a run's inputs show of it, by column."""

    run: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Workspace:
    """By draft: `jobs` holds the running import or download, so that Cancel finds it, `searches` the results of the
    last search of the Hub, `answers` the models' last answers, `shown_runs` what the Test page showed last, `examples`
    what its fields show, `files` the last answers to a whole file, `packed` what was just packed for a download,
    `asked` when the newest question about one input came, `brought` what a file brought that no field shows yet.

    questions: those being answered now. starting: held while a run is started, so that several pages count together.
    opening: the run that the next page opens, from a link.
    """

    home: Home
    store: Store
    index: RunIndex
    drafts: Drafts
    datasets: Datasets
    jobs: dict[str, Job] = field(default_factory=dict)
    searches: dict[str, SearchResult] = field(default_factory=dict)
    answers: dict[str, Asking] = field(default_factory=dict)
    starting: threading.Lock = field(default_factory=threading.Lock)
    shown_runs: dict[str, str | None] = field(default_factory=dict)
    examples: dict[str, Example] = field(default_factory=dict)
    files: dict[str, FileAnswers] = field(default_factory=dict)
    packed: dict[str, Path] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    brought: dict[str, dict[str, str]] = field(default_factory=dict)
    questions: set[Question] = field(default_factory=set)
    opening: list[str] = field(default_factory=list)

    @property
    def is_at_work(self) -> bool:
        return bool(self.jobs or self.questions) or self.starting.locked()

    @property
    def holds_something(self) -> bool:
        return (
            bool(self.searches or self.answers or self.shown_runs or self.examples or self.files or self.opening)
            or self.datasets.holds_tables
        )

    @classmethod
    def of(cls, home: Home) -> "Workspace":
        store, drafts = OpenStore(home), Drafts(home)
        return cls(home, store, RunIndex(store), drafts, Datasets(store, drafts))


class Workspaces:
    """Thread-safe. A workspace comes into being when somebody asks for it; on disk, when something is written."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.own = Workspace.of(home)
        self.promised = Promised()
        self._others: OrderedDict[str, Workspace] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def current(self) -> Workspace:
        """That of whoever asks."""
        return self.named(current_person().workspace)

    def named(self, name: str) -> Workspace:
        if not name:
            return self.own
        with self._lock:
            if name not in self._others:
                self._others[name] = Workspace.of(self.home.of_person(name))
            self._others.move_to_end(name)
            found = self._others[name]
            gone = [self._others.pop(each) for each in self._forgettable(name)]
        for workspace in gone:
            workspace.index.close()
        return found

    def _forgettable(self, asked: str) -> list[str]:
        """Those that are too many: first the ones that hold nothing, each time those that were asked for longest ago.
        What is at work stays, or Cancel would not find it."""
        idle = [name for name, each in self._others.items() if name != asked and not each.is_at_work]
        idle.sort(key=lambda name: self._others[name].holds_something)
        return idle[: max(0, len(self._others) - REMEMBERED)]

    def stores(self) -> Iterator[Store]:
        """The runs of everybody, those of the server's own home first."""
        yield self.own.store
        for home in homes_of_people(self.home):
            yield Store(home)

    def open_link(self, person: Person, run_id: str, secret: str) -> None:
        """Let the person's next page open a run that they may see, by this link or anyhow."""
        workspace = self.named(person.workspace)
        if has_link(self.home, run_id, secret):
            remember_link(workspace.home, run_id, secret)
        if workspace.store.find(run_id) is not None:
            workspace.opening[:] = [run_id]

    def close(self) -> None:
        for workspace in (self.own, *self._others.values()):
            workspace.index.close()


def homes_of_people(home: Home) -> Iterator[Home]:
    if home.people.is_dir():
        yield from (home.of_person(folder.name) for folder in sorted(home.people.iterdir()) if folder.is_dir())
