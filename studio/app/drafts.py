"""What a person has chosen so far, kept on the server under an id that their browser remembers.

The page is drawn from the draft, and every click changes the draft: nothing entered is ever lost.
"""

import re
import secrets
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.config import RunConfig
from studio.data.cleaning import CleaningOptions
from studio.data.options import ReadingOptions
from studio.data.splitting import SplitOptions
from studio.files import read_json, replace_json
from studio.options import Options
from studio.paths import Home

OWN = "own"  # the value of `Draft.demo` once the person works with data of their own
LOCKS = 64  # many drafts share few locks
ID_PATTERN = re.compile(r"[0-9a-f]{24}")


class Draft(Options):
    """The choices of all pages; None or empty where nothing is chosen yet."""

    id: str
    page: str = "model"
    demo: str | None = None  # the guided demo that is shown, OWN, or None on the very first screen
    own: dict[str, Any] | None = None  # choices for data of one's own, set aside while a demo is shown
    task: str | None = None
    model: str | None = None
    folders: tuple[str, ...] = ()  # model folders that the person named
    source: str | None = None
    title: str = ""  # what the person calls the data: the file's name
    reading: ReadingOptions = ReadingOptions()
    dataset: str | None = None  # folder name below home.datasets
    columns: dict[str, str] = {}
    cleaning: CleaningOptions = CleaningOptions()
    limit: int | None = None
    split: SplitOptions = SplitOptions()
    preset: str | None = None
    strategy: dict[str, Any] = {}
    training: dict[str, Any] = {}
    options: dict[str, Any] = {}
    search: str = ""  # for a setting
    mark: str | None = None  # of the examples that the Test page shows behind a click
    picked: str | None = None  # the run chosen on the Runs page
    deleting: bool = False  # "really delete it?" is being asked
    compared: tuple[str, ...] = ()  # runs that the Runs page lays over each other
    run: str | None = None  # the run that Train, Test and Share show

    def change(self, **values: Any) -> "Draft":
        return self.model_copy(update=values)

    def config(self) -> RunConfig:
        """The run file that these choices make. StudioError names everything that is wrong with it."""
        return RunConfig.read(
            {
                "task": self.task,
                "model": {"id": self.model},
                "data": {
                    "source": self.source,
                    "reading": self.reading.model_dump(),
                    "columns": self.columns,
                    "cleaning": self.cleaning.model_dump(),
                    "limit": self.limit,
                    "split": self.split.model_dump(),
                },
                "strategy": self.strategy,
                "training": self.training,
                "options": self.options,
            },
            "choices",
        )


class Drafts:
    """Load and save; an id that nobody knows, or one that is no id, gives a fresh draft."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._locks = tuple(threading.RLock() for _ in range(LOCKS))

    def changing(self, draft_id: str | None) -> threading.RLock:
        """Hold this from load to save: leaving a field and pressing a button arrive at the same moment."""
        return self._locks[hash(draft_id) % LOCKS]

    def load(self, draft_id: str | None) -> Draft:
        if draft_id and ID_PATTERN.fullmatch(draft_id):
            stored = read_json(self._file(draft_id)) or {}
            stored.pop("cell", None)  # what the first version kept of a click on the Test page
            try:
                return Draft.model_validate({**stored, "id": draft_id})
            except ValidationError:
                return Draft(id=draft_id)  # written by another version: start anew under the same id
        return Draft(id=secrets.token_hex(12))

    def save(self, draft: Draft) -> Draft:
        replace_json(self._file(draft.id), draft.model_dump(mode="json"))
        return draft

    def _file(self, draft_id: str) -> Path:
        return self._home.drafts / f"{draft_id}.json"
