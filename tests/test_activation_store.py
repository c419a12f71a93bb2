"""What runs have recorded, kept for each other: whole or not at all, bounded, and never taken away from a run."""

import errno
import os
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio import activation_store
from studio.activation_store import ABOUT, LIMIT_VARIABLE, UNFINISHED, ActivationStore, Part, finish, limit_here, placed
from studio.errors import StudioError
from studio.paths import Home

ROWS = tuple(bytes([number]) * 16 for number in range(4))


def recorded(folder: Path, name: str = "one", content: bytes = b"x" * 1000) -> Part:
    """A part as a run has it in its own folder."""
    (folder / name).mkdir(parents=True)
    (folder / name / "input-0.bin").write_bytes(content)
    return finish(folder / name, ROWS)


def age(part: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(part, (then, then))


def test_what_one_run_recorded_another_takes(home: Home, tmp_path: Path) -> None:
    store, part = ActivationStore(home), recorded(tmp_path / "run")
    store.keep("shelf", part)
    assert store.parts("other") == []
    [kept] = store.parts("shelf")
    assert kept.keys == ROWS and kept.bytes == part.bytes
    taken = store.take(kept, tmp_path / "other")
    assert taken is not None and Part.read(tmp_path / "other" / "one") == taken
    assert (taken.folder / "input-0.bin").samefile(part.folder / "input-0.bin"), "no second copy on the disk"
    store.forget("shelf")
    assert store.parts("shelf") == [] and store.take(kept, tmp_path / "late") is None
    assert (taken.folder / "input-0.bin").read_bytes() == b"x" * 1000, "it stays with whoever uses it"


def test_where_nothing_can_be_linked_it_is_copied(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    store = ActivationStore(home)
    store.keep("shelf", recorded(tmp_path / "run"))
    taken = store.take(store.parts("shelf")[0], tmp_path / "other")
    shutil.rmtree(home.activations)
    assert taken is not None and Part.read(taken.folder) == taken


@pytest.mark.parametrize("damage", ["cut off", "missing", "no about", "no keys"])
def test_what_is_damaged_is_not_taken_and_goes(damage: str, home: Home, tmp_path: Path) -> None:
    store = ActivationStore(home)
    store.keep("shelf", recorded(tmp_path / "run"))
    folder = store.parts("shelf")[0].folder
    {
        "cut off": lambda: (folder / "input-0.bin").write_bytes(b"x"),
        "missing": (folder / "input-0.bin").unlink,
        "no about": lambda: (folder / ABOUT).write_text("{"),
        "no keys": (folder / "keys.bin").unlink,
    }[damage]()
    assert store.parts("shelf") == [] and not folder.exists()


def test_what_was_not_used_for_longest_goes_first(home: Home, tmp_path: Path) -> None:
    parts = [recorded(tmp_path / "run", str(number)) for number in range(4)]
    store = ActivationStore(home, most_bytes=3 * parts[0].bytes + 999)
    for number, part in enumerate(parts[:3]):
        store.keep("shelf", part)
        age(home.activations / "shelf" / part.folder.name, 100 - number)
    taken = store.take(store.parts("shelf")[0], tmp_path / "other")
    assert taken is not None
    store.keep("another shelf", parts[3])
    assert [part.folder.name for part in store.parts("shelf")] == ["0", "2"]
    assert [part.folder.name for part in store.parts("another shelf")] == ["3"]


def test_one_bound_holds_for_all_people_of_a_server(home: Home, tmp_path: Path) -> None:
    first, second = recorded(tmp_path / "run", "first"), recorded(tmp_path / "run", "second")
    most = first.bytes + 999
    ActivationStore(home.of_person("one"), most).keep("shelf", first)
    ActivationStore(home.of_person("two"), most).keep("shelf", second)
    assert ActivationStore(home.of_person("one")).parts("shelf") == []
    assert [part.folder.name for part in ActivationStore(home.of_person("two")).parts("shelf")] == ["second"]


def test_what_is_larger_than_the_bound_takes_no_others_place(home: Home, tmp_path: Path) -> None:
    small, large = recorded(tmp_path / "run", "small"), recorded(tmp_path / "run", "large", b"x" * 9000)
    store = ActivationStore(home, most_bytes=small.bytes + 999)
    store.keep("shelf", small)
    store.keep("shelf", large)
    assert [part.folder.name for part in store.parts("shelf")] == ["small"]
    ActivationStore(home, most_bytes=0).keep("zero", small)
    assert store.parts("zero") == []


def test_a_filling_disk_leaves_less_room(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = recorded(tmp_path / "run", "one"), recorded(tmp_path / "run", "two")
    store = ActivationStore(home)
    store.keep("shelf", one)
    monkeypatch.setattr(activation_store, "free_disk_bytes", lambda path: 4 * one.bytes)
    store.keep("shelf", two)
    assert [part.folder.name for part in store.parts("shelf")] == ["two"]


def test_a_full_disk_is_a_line_in_the_log(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    part = recorded(tmp_path / "run")
    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    store = ActivationStore(home)
    store.keep("shelf", part)
    assert "No space left" in caplog.text
    assert not list((home.activations / "shelf").iterdir()) and Part.read(part.folder) == part


def test_two_runs_at_once_record_the_same(home: Home, tmp_path: Path) -> None:
    parts = [recorded(tmp_path / f"run-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda part: ActivationStore(home).keep("shelf", part), parts))
    [kept] = ActivationStore(home).parts("shelf")
    assert kept.keys == ROWS and [each.name for each in (home.activations / "shelf").iterdir()] == ["one"]


def test_what_a_crash_left_goes_after_a_day(home: Home, tmp_path: Path) -> None:
    left = [home.activations / "shelf" / f".{name}{UNFINISHED}" for name in ("old", "new")]
    for folder in left:
        folder.mkdir(parents=True)
    age(left[0], 2 * 24 * 3600)
    store = ActivationStore(home)
    store.keep("shelf", recorded(tmp_path / "run"))
    assert [folder.exists() for folder in left] == [False, True] and len(store.parts("shelf")) == 1


WRITER = """
import itertools, sys
from pathlib import Path
from studio.activation_store import ActivationStore, finish
from studio.paths import Home

home, run = Home(Path(sys.argv[1])), Path(sys.argv[2])
for number in itertools.count():
    folder = run / str(number)
    folder.mkdir(parents=True)
    for file in range(20):
        (folder / f"input-{file}.bin").write_bytes(bytes([number % 256]) * 5000)
    ActivationStore(home).keep("shelf", finish(folder, [bytes([number % 256]) * 16]))
    print(number, flush=True)
"""


def test_killed_at_any_moment_nothing_is_half_there(home: Home, tmp_path: Path) -> None:
    for life in range(4):
        arguments = [str(home.root), str(tmp_path / f"run-{life}")]
        with subprocess.Popen([sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            said = int(writer.stdout.readline())
            time.sleep(random.Random(life).uniform(0, 0.05))
            writer.kill()
        folders = [each for each in (home.activations / "shelf").iterdir() if not each.name.endswith(UNFINISHED)]
        parts = ActivationStore(home).parts("shelf")
        assert len(parts) == len(folders) > said, "none of them had to be removed"
        for part in parts:
            content = bytes([int(part.folder.name) % 256])
            assert part.keys == (content * 16,)
            assert all((part.folder / f"input-{file}.bin").read_bytes() == content * 5000 for file in range(20))


def test_a_part_that_vanishes_meanwhile_is_none(tmp_path: Path) -> None:
    part = recorded(tmp_path / "run")
    shutil.rmtree(part.folder)
    assert placed(part, tmp_path / "other") is None and list((tmp_path / "other").iterdir()) == []


def test_the_bound_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "5")
    assert limit_here() == 5_000_000
    monkeypatch.setenv(LIMIT_VARIABLE, "much")
    with pytest.raises(StudioError, match="megabytes"):
        limit_here()
