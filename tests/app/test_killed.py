"""kill -9 wherever something is put in its place: nothing is lost, and nothing is seen that is half there."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny

from studio.app import undo
from studio.app.drafts import Draft, Drafts
from studio.data.importing import Imported, import_source
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.paths import Home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process is forked, and killed from inside")
MANY = 1000
FORK = "ignore:This process:DeprecationWarning"  # of Python 3.12: threads of pytest, which the child has no use for


def killed_at(work: Callable[[], object], steps: int) -> bool:
    """Do the work in a process that is killed right before it puts the n-th file into its place, or removes it; False
    where it has ended before."""
    child = os.fork()
    if child == 0:
        left = steps

        def counted(function: Callable[..., object]) -> Callable[..., object]:
            def run(*given: object, **named: object) -> object:
                nonlocal left
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
                return function(*given, **named)

            return run

        for name in ("replace", "unlink", "mkdir"):
            setattr(Path, name, counted(getattr(Path, name)))
        try:
            work()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kills(work: Callable[[], object]) -> Iterator[int]:
    """Kill it at each of its steps in turn; yields after each."""
    for steps in range(MANY):
        if not killed_at(work, steps):
            assert steps > 1, "it was killed in the middle at least once"
            return
        yield steps
    raise AssertionError("it never ends")


@pytest.mark.filterwarnings(FORK)
def test_an_import_is_there_wholly_or_not_at_all(home: Home, tmp_path: Path) -> None:
    def take(file: Path) -> Imported:
        return import_source(str(file), ReadingOptions(), home, Limits())

    before = take(tiny.write_reviews(tmp_path / "before.csv", rows=20))
    rows = before.table()
    new = tiny.write_images(tmp_path / "new.zip", 6)
    for _steps in kills(lambda: take(new)):
        there = [folder for folder in home.datasets.iterdir() if folder.is_dir() and Imported.open(folder)]
        assert before.folder in there and len(there) <= 2
        for other in map(Imported.open, there):
            assert other and len(other.table()) == other.rows in (20, 6)
    assert before.table().equals(rows)
    imported = take(new)
    assert imported.rows == 6 and all((imported.files / name).is_file() for name in imported.table()["image"])  # type: ignore[operator]
    assert {folder for folder in home.datasets.iterdir() if folder.name != "aliases"} == {
        before.folder,
        imported.folder,
    }, "what was left behind is gone"


@pytest.mark.filterwarnings(FORK)
def test_what_is_undone_is_undone_wholly_or_not_at_all(home: Home) -> None:
    drafts = Drafts(home)
    first = Draft(id="a" * 24, page="data", title="mine.csv", config={"data": {"source": "mine.csv"}})
    other = first.change(title="other.csv", config={"data": {"source": "other.csv"}})
    replaced = undo.taken(first, other, "data", "'mine.csv' was replaced.")
    drafts.save(replaced)
    for _steps in kills(lambda: drafts.save(undo.undo_last("data", lambda draft, key: draft, drafts.load(first.id)))):
        now = drafts.load(first.id)
        assert now in (replaced, now.change(title="mine.csv", config=first.config, undo=None))
        drafts.save(replaced)
    assert drafts.load(first.id).title == "mine.csv" and drafts.load(first.id).undo is None
