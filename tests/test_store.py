"""Runs on disk: created, listed, deleted and restored; their logs read whole lines only."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio import event_log
from studio.errors import StudioError
from studio.event_log import LogPosition
from studio.events import Finished, Note, Paused, RunState, Started, fold
from studio.paths import Home
from studio.processes import Identity
from studio.store import Run, Store


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


@pytest.fixture
def run(store: Store) -> Run:
    return store.create("task: text-classification\n", "first")


def dead_process() -> Identity:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = Identity.of(process.pid)
    process.kill()
    process.wait()
    return identity


def started() -> Started:
    return Started(device="cpu", precision="fp32", threads=1)


def test_a_run_is_created_and_found(store: Store, run: Run) -> None:
    assert store.find(run.id) == run and store.get(run.id) == run and store.get(run.folder) == run
    assert run.name == "first" and run.created > 0 and run.config_file.read_text(encoding="utf-8").startswith("task")
    assert list(store) == [run]


@pytest.mark.parametrize("run_id", ["..", "../x", "/etc", "20260101-000000-zzzz", "", "."])
def test_an_id_is_never_a_path(store: Store, run: Run, run_id: str) -> None:
    assert store.find(run_id) is None


def test_an_unknown_run_is_refused(store: Store) -> None:
    with pytest.raises(StudioError, match="no run"):
        store.get("20260101-000000-abcd")


def test_the_newest_run_comes_first(store: Store) -> None:
    for stamp in ("20260101-000000-aaaa", "20260301-000000-aaaa", "20260201-000000-aaaa"):
        (store.home.runs / stamp).mkdir(parents=True)
        (store.home.runs / stamp / "run.yaml").write_text("", encoding="utf-8")
    assert [run.id[:6] for run in store] == ["202603", "202602", "202601"]


def test_names(run: Run) -> None:
    run.rename("  second ")
    run.annotate(task="texts", nothing=None)
    assert run.name == "second" and run.meta["task"] == "texts" and "nothing" not in run.meta
    with pytest.raises(StudioError, match="needs a name"):
        run.rename("  ")


def test_events_are_stamped_and_read_from_an_offset(run: Run) -> None:
    assert run.read_from(0) == ([], 0)
    run.append(Note(text="one"))
    events, offset = run.read_from(0)
    assert events[0].time > 0 and offset == run.events_file.stat().st_size
    run.append(Note(text="two"))
    later, end = run.read_from(offset)
    assert [event.text for event in later if isinstance(event, Note)] == ["two"]
    assert run.read_from(end) == ([], end)


def test_half_a_line_waits_and_a_torn_line_is_passed_over(run: Run) -> None:
    run.append(Note(text="one"))
    with run.events_file.open("ab") as log:
        log.write(b'{"type": "note", "te')
    events, offset = run.read_from(0)
    assert len(events) == 1
    with run.events_file.open("ab") as log:
        log.write(b"\n")
    run.append(Note(text="two"))
    assert [event.text for event in run.read_from(offset)[0] if isinstance(event, Note)] == ["two"]


def test_a_queued_run_is_queued_and_its_commands_are_cleared(run: Run) -> None:
    run.command("stop")
    run.enqueue()
    assert run.state().status == "queued" and run.queued_at and run.pending_command is None
    run.command("pause")
    assert run.pending_command == "pause"
    run.dequeue()
    assert run.queued_at is None


def test_a_run_with_a_living_worker_is_at_work(run: Run) -> None:
    run.set_worker(Identity.of(os.getpid()))
    run.append(started())
    assert run.state().status == "starting"


def test_a_run_without_its_worker_is_interrupted(run: Run) -> None:
    run.append(started())
    run.set_worker(dead_process())
    assert run.state().status == "interrupted"
    run.append(Paused(step=1))
    assert run.state().status == "paused"  # it said goodbye


def test_an_end_while_somebody_looks_is_seen(run: Run) -> None:
    run.append(started())
    run.set_worker(dead_process())
    looked = []

    def read_log() -> RunState:
        state = fold(run.read_from()[0])
        if not looked:
            run.append(Paused(step=1))  # between the reading of the log and the look at the process
        looked.append(state)
        return state

    assert run.state(read_log).status == "paused" and len(looked) == 2


def test_busy_runs_are_found_without_a_look_at_the_others(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, working, dead = (store.create("task: x\n", name) for name in ("waiting", "working", "dead"))
    assert store.busy() == []
    waiting.enqueue()
    working.set_worker(Identity.of(os.getpid()))
    dead.set_worker(dead_process())
    looked, queued_at = [], Run.queued_at.fget
    assert queued_at is not None

    def look(run: Run) -> float | None:
        looked.append(run.id)
        return queued_at(run)

    monkeypatch.setattr(Run, "queued_at", property(look))
    assert {found.id for found in store.busy()} == {waiting.id, working.id} and run.id not in looked
    looked.clear()
    assert len(store.busy()) == 2 and dead.id not in looked, "the mark of a dead worker stays for ever"
    waiting.dequeue()
    assert [found.id for found in store.busy()] == [working.id]


def test_marks_of_busy_runs_can_be_deleted_at_any_time(store: Store, run: Run) -> None:
    """As they are missing in a home of an earlier version, and after a crash between a change and its mark."""
    run.enqueue()
    assert not store.home.busy.exists()  # nobody has looked yet
    assert store.busy() == [run]
    shutil.rmtree(store.home.busy)
    assert store.busy() == [run]
    (store.home.busy / run.id).unlink()
    assert store.busy() == []
    store.mark_busy()
    assert store.busy() == [run]


def test_a_mark_that_stands_for_nothing_is_removed(store: Store, run: Run) -> None:
    store.busy()
    for name in ("20200101-000000-abcd", "..hidden", "a file of somebody else"):
        (store.home.busy / name).touch()
    assert store.busy() == [] and list(store.home.busy.iterdir()) == []


def test_a_run_that_is_queued_while_its_old_mark_goes_keeps_one(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.busy()
    run.mark_busy()
    unlink = Path.unlink

    def queue_then_unlink(path: Path, missing_ok: bool = False) -> None:
        if path.parent == store.home.busy:
            run.enqueue()
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", queue_then_unlink)
    store.busy()
    monkeypatch.undo()
    assert store.busy() == [run]


def test_a_position_in_a_log_is_known_again(run: Run) -> None:
    run.append(Note(text="one"))
    first = event_log.read_lines(run.events_file, LogPosition())
    assert first is not None and first[1].offset == run.log_bytes
    run.append(Note(text="two"))
    second = event_log.read_lines(run.events_file, first[1])
    assert second is not None and [event.text for event in event_log.parse_lines(second[0])] == ["two"]
    run.events_file.unlink()
    assert event_log.read_lines(run.events_file, second[1]) is None
    for text in ("other", "more", "and more"):  # longer than the old one in the end
        run.append(Note(text=text))
        assert event_log.read_lines(run.events_file, second[1]) is None


def test_a_run_at_work_cannot_be_deleted(store: Store, run: Run) -> None:
    run.set_worker(Identity.of(os.getpid()))
    run.append(started())
    with pytest.raises(StudioError, match="still training"):
        store.delete(run)


def test_deleting_can_be_undone(store: Store, run: Run) -> None:
    run.append(Finished(reason="completed", best_step=1, seconds=1))
    store.delete(run)
    assert list(store) == [] and [gone.id for gone in store.deleted()] == [run.id]
    assert store.restore(run.id) == run and list(store) == [run] and run.state().has_model
    with pytest.raises(StudioError, match="no deleted run"):
        store.restore(run.id)


def test_what_is_written_to_a_deleted_run_does_not_keep_it_from_coming_back(store: Store, run: Run) -> None:
    """Another tab moves it in the queue, or names it, at the very moment of the deletion."""
    store.delete(run)
    for write in (run.enqueue, lambda: run.command("stop"), lambda: run.annotate(notes="late")):
        with pytest.raises(StudioError, match="not there any more"):
            write()
    run.folder.mkdir()
    run.queued_file.write_text("{}")  # looked for its folder before it was gone
    assert store.restore(run.id).name == run.name and run.queued_at is None


def test_a_full_disk_leaves_no_half_of_a_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("studio.store.replace_text", full)
    with pytest.raises(OSError, match="No space"):
        store.create("task: x", "second")
    assert not store.folder_names()


def test_what_was_deleted_last_is_the_first_to_restore(store: Store) -> None:
    older, newer = store.create("", "older"), store.create("", "newer")
    store.delete(newer)
    time.sleep(0.02)
    store.delete(older)
    assert [gone.id for gone in store.deleted()] == [older.id, newer.id]


def test_checkpoints_go(run: Run) -> None:
    (run.checkpoints / "step-1").mkdir(parents=True)
    run.remove_checkpoints()
    run.remove_checkpoints()
    assert not run.checkpoints.exists()


def test_the_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "a"))
    assert Home.find().root == (tmp_path / "a").resolve() and Home.find(tmp_path).root == tmp_path.resolve()
    monkeypatch.delenv("STUDIO_HOME")
    assert Home.find().root.name == ".fine-tuning-studio"
