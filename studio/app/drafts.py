"""What a person has chosen so far, kept on the server under an id that their browser remembers.

A draft is a run file that is half filled in, and where the person is. The page is drawn from the draft, and every
click changes the draft: nothing entered is ever lost.
"""

import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, field_validator

from studio.app.access.person import current_person
from studio.app.draft_versions import DRAFT
from studio.app.nested import merged, value_at, with_value, without
from studio.config import RunConfig
from studio.data.options import DataOptions
from studio.errors import StudioError
from studio.files import read_as, replace_json
from studio.language import Said
from studio.options import Options
from studio.paths import Home
from studio.removal import Entry, measured

OWN = "own"  # the value of `Draft.demo` once the person works with data of their own
MOST_OF_A_GUEST = 20  # drafts: a browser has one
LOCKS = 64  # many drafts share few locks
ID_PATTERN = re.compile(r"[0-9a-f]{24}")
DRAWN_FOR = ("task", "model.id", "strategy.name")  # with another of these, other fields are drawn
CHOICES = "choices"  # what a person knows their half-filled run file as
OF_THE_PROJECT = ("id", "page", "name", "folders", "kept")  # the same whatever is chosen in it
CHOSEN = {"config", "demo", "own", "title", "dataset", "preset", "refused", "run"}


class Refused(Options):
    """What was entered into a field and cannot be used, and the reason, a sentence for the person."""

    entry: str | bool
    reason: Said


class Label(Options):
    """What a person calls the next run, and writes down about it; name: "" for the usual one."""

    name: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


class Search(Options):
    """How the best settings are searched for. vary: which settings vary, as a run file of a sweep says it, by their
    path; None where nobody has chosen yet. how: of `studio.sweeps.options`. sweep: the one that is shown; "" for the
    newest of the draft.
    """

    vary: dict[str, dict[str, Any]] | None = None
    how: dict[str, Any] = {}
    sweep: str = ""


class Undo(Options):
    """What the last press took away, offered back beside it until something else is chosen or the page is left.

    place: where it is offered. before: the choices as they were, see `Draft.choices`; empty where something else was
    taken. after: the choices as the press left them, which they still have to be. key: what was deleted.
    """

    place: str
    said: Said
    before: dict[str, Any] = {}
    after: str = ""
    key: str = ""


class Draft(Options):
    """config: what is chosen of the run file, nested as in the file. Everything else is no setting of a run: it says
    where the person is, and with which data set and which runs. Changes give a new draft.

    >>> draft.configure({"model.id": "starter/text", "data.split.seed": 3}).value("data.split.seed")
    3
    """

    id: str
    config: dict[str, Any] = {}
    page: str = "model"
    demo: str | None = None  # the guided demo that is shown, OWN, or None on the very first screen
    own: dict[str, Any] | None = None  # the draft for data of one's own, set aside while a demo is shown
    folders: tuple[str, ...] = ()  # model folders that the person named
    title: str = ""  # what the person calls the data: the file's name
    dataset: str | None = None  # folder name below home.datasets
    preset: str | None = None
    search: str = ""  # for a setting
    refused: dict[str, Refused] = {}  # by field, see studio.app.entries
    mark: str | None = None  # of the examples that the Test page shows behind a click
    example: int | None = None  # the row of the test example that is looked at among them
    picked: str | None = None  # the run chosen on the Runs page
    compared: tuple[str, ...] = ()  # runs that the Runs page lays over each other
    run: str | None = None  # the run that Train, Test and Share show
    name: str = ""  # of the project; "" for the usual one
    kept: dict[str, dict[str, Any]] = {}  # by task, the choices for it while another one is chosen
    label: Label = Label()
    searching: Search = Search()
    undo: Undo | None = None

    @field_validator("config")
    @classmethod
    def _can_become_a_run_file(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            RunConfig.check_partial(value, CHOICES)
        except StudioError as error:
            raise ValueError(str(error)) from error
        return value

    # --- changing -----------------------------------------------------------------------------

    def change(self, **values: Any) -> Self:
        """The draft with other values of its fields."""
        return type(self).model_validate({**dict(self), **values})

    def configure(self, settings: Mapping[str, Any]) -> Self:
        """The draft with these settings of the run file, each at its path; StudioError names what cannot be so.

        A path may name a whole section, which is then replaced: {"strategy": {"name": "full"}}.
        """
        config = self.config
        for path, value in settings.items():
            config = with_value(config, path, value)
        return self._with(config)

    def without(self, *paths: str) -> Self:
        """The draft with nothing chosen at these paths of the run file."""
        config = self.config
        for path in paths:
            config = without(config, path)
        return self._with(config)

    def merge(self, settings: Mapping[str, Any]) -> Self:
        """The draft with a partial run file laid over its own."""
        return self._with(merged(self.config, settings))

    def _with(self, config: dict[str, Any]) -> Self:
        RunConfig.check_partial(config, CHOICES)
        same_form = all(value_at(config, path) == self.value(path) for path in DRAWN_FOR)
        return self.change(config=config, refused=self.refused if same_form else {})

    def fresh(self, **values: Any) -> "Draft":
        """The same project on the same page, with nothing chosen yet."""
        return Draft(**self.of_the_project(), **values)

    def of_the_project(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in OF_THE_PROJECT}

    def choices(self) -> dict[str, Any]:
        """All that is chosen, to be put back by `with_choices`."""
        return self.model_dump(mode="json", include=CHOSEN)

    def with_choices(self, choices: Mapping[str, Any]) -> Self:
        return self.change(**choices)

    # --- what is chosen so far ----------------------------------------------------------------

    def run_config(self) -> RunConfig:
        """The run file that the choices make. StudioError names everything that is wrong with it or missing."""
        return RunConfig.read(self.config, CHOICES)

    def value(self, path: str, default: Any = None) -> Any:
        return value_at(self.config, path, default)

    @property
    def task(self) -> str | None:
        return self.value("task")

    @property
    def model(self) -> str | None:
        return self.value("model.id")

    @property
    def source(self) -> str | None:
        return self.value("data.source")

    @property
    def data(self) -> DataOptions:
        """With the usual values where nothing is chosen; `source` is "" before data is chosen."""
        return DataOptions.read({"source": "", **self.value("data", {})})

    @property
    def strategy(self) -> dict[str, Any]:
        """Empty before one is chosen."""
        return self.value("strategy", {})

    @property
    def training(self) -> dict[str, Any]:
        return self.value("training", {})

    @property
    def options(self) -> dict[str, Any]:
        return self.value("options", {})


def new_id() -> str:
    return secrets.token_hex(12)


class Drafts:
    """Load and save; an id that nobody knows, or one that is no id, gives a fresh draft.

    Loading raises StudioError where a newer studio wrote the draft, or where its file is damaged.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._locks = tuple(threading.RLock() for _ in range(LOCKS))

    @contextmanager
    def changing(self, *draft_ids: str | None) -> Iterator[None]:
        """Hold this from load to save: leaving a field and pressing a button arrive at the same moment. What changes
        several drafts holds them all, which are always taken in the same order, so that no two wait for each other."""
        with ExitStack() as held:
            for place in sorted({hash(str(draft_id)) % LOCKS for draft_id in draft_ids if draft_id is not None}):
                held.enter_context(self._locks[place])
            yield

    def load(self, draft_id: str | None) -> Draft:
        if not isinstance(draft_id, str) or not ID_PATTERN.fullmatch(draft_id):  # whatever a browser sends
            return Draft(id=new_id())
        stored = read_as(self.file(draft_id), DRAFT.upgrade)
        if stored is None:
            return Draft(id=draft_id)
        try:
            return Draft.model_validate({**stored, "id": draft_id})
        except ValidationError:
            return Draft(id=draft_id)  # no version wrote this: start over under the same id

    def save(self, draft: Draft) -> Draft:
        file = self.file(draft.id)
        is_new = not file.exists()
        replace_json(file, DRAFT.stamp(draft.model_dump(mode="json")))
        if is_new and current_person().is_guest:
            self._forget_oldest()
        return draft

    def _forget_oldest(self) -> None:
        for entry in self.entries(self._home.drafts)[MOST_OF_A_GUEST:]:
            entry.path.unlink(missing_ok=True)

    @staticmethod
    def entries(folder: Path) -> list[Entry]:
        """The files of drafts in a folder, the one used last first."""
        return sorted(measured(folder.glob("*.json")), key=lambda entry: entry.changed, reverse=True)

    def file(self, draft_id: str) -> Path:
        return self._home.drafts / f"{draft_id}.json"
