"""The index of runs: as right as the logs themselves, whatever becomes of it, of the runs and of their workers."""

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from logs import CONFIG, NOW, abandoned, at_work, checked, make_run, planned, started, step, write, write_steps
from trained import wait_until

from studio import event_log, run_index, run_table
from studio.event_log import LogPosition
from studio.events import Event, Failed, Finished, Note, Paused, Resumed
from studio.paths import Home
from studio.run_index import Query, RunIndex
from studio.run_summary import OMITTED, RunSummary, summarise, without_curve
from studio.run_table import RunTable
from studio.store import Run, Store

DONE = Finished(reason="completed", best_step=20, seconds=9.0, time=NOW + 99)


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


@pytest.fixture
def index(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunIndex]:
    monkeypatch.setattr(run_index, "SECONDS_FOR_MISSING_ROWS", 600.0)
    made = RunIndex(store)
    yield made
    made.close()


@pytest.fixture
def summarised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the runs whose files are read, one after the other."""
    read: list[str] = []

    def count(run: Run, known: RunSummary | None = None) -> RunSummary:
        made = summarise(run, known)
        if made is not known:
            read.append(run.id)
        return made

    monkeypatch.setattr(run_index, "summarise", count)
    return read


def finished_run(store: Store, name: str = "a run") -> Run:
    return write(make_run(store, name), started(), planned(20), step(20), checked(20, 0.5, best=True), DONE)


def shown(index: RunIndex, search: str = "", start: int = 0, count: int = 20) -> list[tuple[str, str]]:
    """Names and statuses of a page on which nothing is missing."""
    page = index.page(start, count, Query(search=search))
    assert page.is_complete
    return [(summary.choices.name, summary.state.status) for _, summary in page.runs if summary]


def found(index: RunIndex, **query: Any) -> set[str]:
    page = index.page(0, 20, Query(**query))
    return {summary.choices.name for _, summary in page.runs if summary}


def assert_right(summary: RunSummary | None, run: Run) -> None:
    assert summary is not None
    state = run.state()
    for name in state.__dataclass_fields__:
        if name not in OMITTED:
            assert getattr(summary.state, name) == getattr(state, name), name
    assert (summary.choices.name, summary.choices.created) == (run.name, run.created)


def until(condition: Callable[[], object]) -> None:
    wait_until(lambda: bool(condition()))


# --- what it says -----------------------------------------------------------------------------------


def test_a_row_says_what_the_files_say(store: Store, index: RunIndex) -> None:
    run = finished_run(store, "my run")
    run.annotate(data="reviews.csv")
    summary = index.summary(run)
    assert_right(summary, run)
    assert summary is not None and summary.is_over and summary.state.has_model
    choices = summary.choices
    assert (choices.data, choices.task, choices.model) == ("reviews.csv", "text-classification", "starter/text")
    assert choices.strategy == "full"
    unreadable = make_run(store, "another version's", config="not: a run file\n")
    empty = index.summary(unreadable)
    assert empty is not None and empty.choices.task == "" and empty.choices.name == "another version's"


def test_pages_come_newest_first(store: Store, index: RunIndex) -> None:
    assert shown(index) == [] and index.page(0, 20).total == 0
    for number in range(5):
        run = finished_run(store, str(number))
        run.folder.rename(run.folder.with_name(f"2026010{number + 1}-000000-aaaa"))
    (store.home.runs / "20260201-000000-aaaa").mkdir()  # without a run file it is no run
    assert [name for name, _ in shown(index, count=2)] == ["4", "3"]
    assert [name for name, _ in shown(index, start=4, count=2)] == ["0"]
    assert shown(index, start=6) == [] and index.page(1, 2).total == 5
    assert [summary.choices.name for summary in index.all()] == ["4", "3", "2", "1", "0"]


def test_runs_are_found_by_words(store: Store, index: RunIndex) -> None:
    for name, data in (("One", "reviews.csv"), ("Two", "reviews.csv"), ("Öl 100%_", "other.csv")):
        finished_run(store, name).annotate(data=data)
    assert {name for name, _ in shown(index, "REVIEWS")} == {"One", "Two"}
    assert {name for name, _ in shown(index, "two reviews")} == {"Two"}
    assert {name for name, _ in shown(index, "full fine-tuning minilm")} == {"One", "Two", "Öl 100%_"}
    assert {name for name, _ in shown(index, "öl 0%_")} == {"Öl 100%_"} and shown(index, "%' OR 1") == []


def test_runs_are_filtered_by_status_task_and_tag_as_they_are_now(store: Store, index: RunIndex) -> None:
    done = finished_run(store, "done")
    done.annotate(tags=["baseline", "of May"], notes="with the old labels")
    waiting, killed = make_run(store, "waiting"), abandoned(at_work(write(make_run(store, "killed"), started())))
    working = at_work(write(make_run(store, "working"), started(), planned()))
    waiting.enqueue()
    for status, names in (
        ("completed", {"done"}),
        ("queued", {"waiting"}),
        ("interrupted", {"killed"}),
        ("failed", set()),
    ):
        assert found(index, status=status) == names
    assert found(index, status="running") == {"working"}
    assert found(index, tag="of May") == {"done"} == found(index, search="BASELINE old labels")
    assert found(index, tag="May") == set() == found(index, task="image-classification")
    assert len(found(index, task="text-classification")) == 4
    assert index.tasks_and_tags() == (["text-classification"], ["baseline", "of May"])
    done.annotate(tags=[])
    index.summary(done)
    assert found(index, tag="of May") == set() and index.tasks_and_tags()[1] == []
    abandoned(working)
    assert found(index, status="interrupted") == {"killed", "working"} and killed.name == "killed"


def test_runs_are_sorted_and_what_has_no_value_comes_last(store: Store, index: RunIndex) -> None:
    for number, (name, score) in enumerate((("B", 0.7), ("a", 0.9), ("C", None)), start=1):
        run = write(make_run(store, name), started(), planned(20), step(20))
        if score:
            write(run, checked(20, score, best=True), DONE)
        (run.folder / "weights").write_bytes(bytes(number * 50_000))
        run.annotate(created=NOW + number)
    for sort, names in (("name", "a B C"), ("metric", "a B C"), ("bytes", "C a B"), ("created", "C a B")):
        page = index.page(0, 9, Query(sort=sort))
        assert [summary.choices.name for _, summary in page.runs if summary] == names.split(), sort
        (last, *_) = index.page(0, 1, Query(sort=sort, is_reversed=True)).runs
        assert last[1] and last[1].choices.name == {"metric": "B"}.get(sort, names.split()[-1])
    sizes = {summary.choices.name: summary.bytes for summary in index.all()}
    assert 150_000 < sizes["C"] < 170_000 and 50_000 < sizes["B"] < 70_000


def test_checkpoints_that_a_finished_run_removes_do_not_count(store: Store, index: RunIndex) -> None:
    run = finished_run(store)
    run.checkpoints.mkdir()
    (run.checkpoints / "state").write_bytes(bytes(1_000_000))
    summary = index.summary(run)
    assert summary is not None and 0 < summary.bytes < 100_000


def test_the_best_of_several_runs_on_the_same_data_is_marked(store: Store, index: RunIndex) -> None:
    def scored(name: str, score: float, config: str = CONFIG) -> Run:
        run = make_run(store, name, config)
        return write(run, started(), planned(20), step(20), checked(20, score, best=True), DONE)

    def best() -> set[str]:
        page = index.page(0, 20, marked=True)
        return {run.name for run, _ in page.runs if run.id in page.best}

    good = scored("good", 0.8)
    assert best() == set(), "one alone is no best"
    scored("poor", 0.5)
    scored("other data", 0.9, CONFIG.replace("source:", "limit: 40, source:"))
    assert best() == {"good"}
    better = scored("better", 0.85)
    assert best() == {"better"} and index.page(0, 1, Query(search="poor"), marked=True).best == {better.id}
    store.delete(better)
    assert best() == {"good"} == {good.name}


def test_runs_with_a_model(store: Store, index: RunIndex) -> None:
    done, working = finished_run(store, "done"), at_work(write(make_run(store, "working"), started(), planned()))
    stopped = Finished(reason="stopped", best_step=0, seconds=0.0, has_model=False, time=NOW + 9)
    write(make_run(store, "never began"), started(), stopped)
    assert [summary.id for summary in index.with_model(9)] == [done.id]
    write(working, step(1), DONE)
    assert {summary.choices.name for summary in index.with_model(9)} == {"done", "working"}
    done.rename("renamed")
    assert {summary.choices.name for summary in index.with_model(9)} == {"renamed", "working"}
    assert len(index.with_model(1)) == 1


# --- what happens to runs ---------------------------------------------------------------------------


def test_statuses_are_those_of_the_processes(store: Store, index: RunIndex) -> None:
    run = make_run(store, "r")
    assert shown(index) == [("r", "interrupted")]  # neither queued nor begun
    run.enqueue()
    assert shown(index) == [("r", "queued")]
    run.dequeue()
    at_work(write(run, started(), planned()))
    assert shown(index) == [("r", "running")]
    abandoned(run)  # killed -9: the log says nothing of it
    assert shown(index) == [("r", "interrupted")]
    run.enqueue()
    assert shown(index) == [("r", "queued")]
    run.dequeue()
    at_work(write(run, step(1), Paused(step=1, time=NOW + 2)))
    assert shown(index) == [("r", "paused")]


def test_an_end_while_somebody_looks_is_seen(store: Store, index: RunIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    run = at_work(write(make_run(store), started(), planned()))
    read, ended = event_log.read_lines, []

    def read_then_end(log: Path, position: LogPosition) -> Any:
        seen = read(log, position)
        if not ended:
            ended.append(abandoned(write(run, Paused(step=1, time=NOW + 2))))
        return seen

    monkeypatch.setattr(event_log, "read_lines", read_then_end)
    assert shown(index) == [("a run", "paused")]


def test_deleted_runs_go_and_come_back(store: Store, index: RunIndex, summarised: list[str]) -> None:
    gone, stays = finished_run(store, "gone"), finished_run(store, "stays")
    assert len(shown(index)) == 2
    store.delete(gone)
    assert shown(index) == [("stays", "completed")] == shown(index, "s")
    assert [summary.id for summary in index.with_model(9)] == [stays.id] and index.summary(gone) is None
    store.restore(gone.id)
    assert len(shown(index)) == 2 == len(index.with_model(9))
    assert sorted(summarised) == sorted([gone.id, stays.id]), "a row was made twice"


def test_only_what_is_new_is_read(store: Store, index: RunIndex, summarised: list[str]) -> None:
    runs = [finished_run(store) for _ in range(3)]
    shown(index)
    assert len(summarised) == 3
    shown(index)
    runs[1].rename("other")
    assert ("other", "completed") in shown(index)
    assert summarised[3:] == [runs[1].id]
    assert "other" in dict(shown(RunIndex(store))) and len(summarised) == 4, "the next server began anew"


def test_of_a_log_that_has_grown_only_the_end_is_read(
    store: Store, index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = at_work(write_steps(make_run(store), 100))
    index.summary(run)
    before, read, offsets = run.log_bytes, event_log.read_lines, []

    def count(log: Path, position: LogPosition) -> Any:
        offsets.append(position.offset)
        return read(log, position)

    write(run, step(101), checked(101, 0.9, best=True))
    with monkeypatch.context() as patched:
        patched.setattr(event_log, "read_lines", count)
        index.summary(run)
    assert offsets == [before]
    assert_right(index.summary(run), run)


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_went_on_are_as_right_as_new_ones(store: Store, index: RunIndex, seed: int) -> None:
    """Random lives of a run, looked at now and then, by this index and by one that is opened only for it."""
    chance, run, number = random.Random(seed), at_work(make_run(store)), 0
    write(run, started(), planned())
    for _ in range(40):
        events: list[Event] = []
        for _ in range(chance.randint(0, 6)):
            kind = chance.choices(("step", "check", "resume", "end", "note"), (50, 20, 6, 6, 4))[0]
            number = chance.randint(0, number) if kind == "resume" else number + 1
            ends = (Paused(step=number, time=NOW + number), Failed(what="x", time=NOW + number))
            events += {
                "step": [step(number, chance.random())],
                "check": [checked(number, chance.random(), best=chance.random() < 0.5)],
                "resume": [started(number), Resumed(step=number, time=NOW + number)],
                "end": [chance.choice(ends)],
                "note": [Note(text='{"type":"step"}', time=NOW + number)],
            }[kind]
        write(run, *events)
        if chance.random() < 0.2:
            with run.events_file.open("ab") as log:
                log.write(chance.choice((b"\n", b'{"type":"step"\n', b"rubbish\n")))
        if chance.random() < 0.5:
            assert_right(chance.choice((index, RunIndex(store))).summary(run), run)
    assert_right(index.summary(run), run)


def test_steps_that_only_make_the_curve_are_not_parsed() -> None:
    lines = [event.model_dump_json(exclude_none=True).encode() for event in (planned(), step(1), step(2), step(3))]
    torn = lines[2][:40]
    assert list(without_curve(lines)) == [lines[0], lines[3]]
    assert list(without_curve([*lines[:3], torn])) == [lines[0], lines[2], torn]
    assert list(without_curve([*lines[:2], lines[0], lines[2]])) == [lines[0], lines[1], lines[0], lines[2]]


# --- what happens to the index ----------------------------------------------------------------------


def damage_text(file: Path) -> None:
    file.write_bytes(b"This was a database.")


def damage_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(4096, len(content), 64):
        content[place : place + 32] = bytes(32)
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 4096 + 100])


def other_table(file: Path) -> None:
    with sqlite3.connect(file) as table:
        table.executescript("DROP TABLE runs; CREATE TABLE runs (id TEXT, colour TEXT)")
    table.close()


def other_version(file: Path) -> None:
    with sqlite3.connect(file) as table:
        table.executescript("DROP TABLE runs; CREATE TABLE runs (id TEXT, colour TEXT); PRAGMA user_version = 7")
    table.close()


def change_contents(file: Path, change: Callable[[bytes], bytes], checksum: str = "checksum") -> None:
    with sqlite3.connect(file) as table:
        table.create_function("change", 1, change)
        table.create_function("checksum_of", 1, run_table.zlib.crc32)
        table.execute(f"UPDATE contents SET content = change(content), checksum = {checksum}")
    table.close()


def flip_a_digit(file: Path) -> None:
    change_contents(file, lambda content: content.replace(b'"best_step":20', b'"best_step":21'))


def other_shape(file: Path) -> None:
    change_contents(file, lambda content: content.replace(b'"best_step":20', b'"best_step":"x"'))
    change_contents(file, lambda content: content, "checksum_of(content)")


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, damage_text, damage_middle, cut, other_table, other_version, flip_a_digit, other_shape],
    ids=lambda damage: damage.__name__,
)
def test_an_index_that_is_lost_or_damaged_is_made_anew(
    store: Store, index: RunIndex, summarised: list[str], damage: Callable[[Path], None]
) -> None:
    runs = [finished_run(store, str(number)) for number in range(30)]
    expected = sorted(shown(index, count=100))
    damage(store.home.run_index)
    summarised.clear()
    assert sorted(shown(index, count=100)) == expected and set(summarised) == {run.id for run in runs}
    assert all(summary.state.finished == DONE for summary in index.all())
    summarised.clear()
    assert sorted(shown(index, count=100)) == expected and summarised == [], "it was not kept"


def test_an_old_row_is_never_believed_over_the_log(store: Store, index: RunIndex) -> None:
    """The home was copied over another, or a backup was brought back."""
    run = finished_run(store)
    index.summary(run)
    for events in ([started()], [started(), planned(), *[step(number) for number in range(1, 400)]]):
        run.events_file.unlink()
        at_work(write(run, *events))
        assert_right(index.summary(run), run)
    text = run.events_file.read_bytes().replace(b'"loss":1.0', b'"loss":2.0')  # as long as before
    run.events_file.write_bytes(text)
    os.utime(run.events_file, (NOW + 5, NOW + 5))
    assert_right(index.summary(run), run)
    run.events_file.unlink()
    assert_right(index.summary(run), run)


def test_the_background_finds_what_changed_while_nobody_looked(store: Store, index: RunIndex) -> None:
    """A run that is over is believed to be, until all are compared when a server starts."""
    run = finished_run(store)
    assert len(index.with_model(9)) == 1
    run.events_file.unlink()
    write(run, started(), planned(), Note(text="a backup"))
    served = RunIndex(store)
    served.start()
    served.close()
    assert served._table.with_model() == set() and served.with_model(9) == []


def test_where_no_index_can_be_kept_lists_are_still_right(
    store: Store, index: RunIndex, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [finished_run(store, str(number)) for number in range(3)]
    store.home.run_index.mkdir(parents=True)  # cannot be opened, and cannot be removed like a file
    assert len(shown(index)) == 3 and len(list(index.all())) == 3
    assert_right(index.summary(runs[0]), runs[0])
    assert "cannot be" in caplog.text


def test_another_process_that_holds_the_index_does_not_stop_a_list(
    store: Store, index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_table, "SECONDS_TO_WAIT", 0.05)
    finished_run(store, "old")
    shown(index)
    holder = sqlite3.connect(store.home.run_index)
    holder.execute("BEGIN EXCLUSIVE")
    finished_run(store, "new")
    assert len(shown(index)) == 2
    monkeypatch.setattr(run_table, "SECONDS_WITHOUT", 0.0)
    index._table._not_before.update(read=0.0, write=0.0)
    holder.rollback()
    assert len(shown(index)) == 2 and store.home.run_index.stat().st_size > 0
    holder.close()


@pytest.mark.parametrize("how", ["locked", "a folder", "read only"])
def test_search_and_models_are_right_and_quick_without_the_index(
    store: Store, index: RunIndex, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_run(store, "old")
    shown(index)
    holder = sqlite3.connect(":memory:")
    if how == "a folder":
        store.home.run_index.unlink()
        store.home.run_index.mkdir()
    elif how == "locked":
        holder = sqlite3.connect(store.home.run_index)
        holder.execute("BEGIN EXCLUSIVE")
    else:
        opened = RunTable._open

        def read_only(table: RunTable) -> sqlite3.Connection:
            connection = opened(table)
            connection.execute("PRAGMA query_only = ON")
            return connection

        monkeypatch.setattr(RunTable, "_open", read_only)
    finished_run(store, "new")
    began = time.monotonic()
    for _ in range(3):
        assert shown(index, "new") == [("new", "completed")] and shown(index, "old") == [("old", "completed")]
        assert {summary.choices.name for summary in index.with_model(5)} == {"old", "new"}
    assert time.monotonic() - began < 3 * run_table.SECONDS_TO_WAIT
    holder.close()


def test_many_servers_and_commands_at_once(store: Store) -> None:
    """Each with its own index over one home, while runs come, grow and go, and somebody deletes the file."""
    runs = [at_work(write(make_run(store, str(number)), started(), planned())) for number in range(12)]
    ended, wrong = threading.Event(), []

    def look() -> None:
        index = RunIndex(store)
        while not ended.is_set():
            try:
                page = index.page(0, 50)
                index.with_model(5)
                if any(summary and summary.id != run.id for run, summary in page.runs):
                    wrong.append("mixed up")
            except Exception as error:  # noqa: BLE001 the test shows it
                wrong.append(repr(error))
                return

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for round_number in range(1, 21):
        for run in runs:
            write(run, step(round_number))
        if round_number % 5 == 0:
            store.home.run_index.unlink(missing_ok=True)
    store.home.trash.mkdir()
    runs[0].folder.rename(store.home.trash / runs[0].id)
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    summaries = list(RunIndex(store).all())
    assert len(summaries) == 11 and {summary.state.step for summary in summaries} == {20}


# --- runs of an earlier version ---------------------------------------------------------------------


def test_runs_without_a_row_do_not_hold_up_a_page(
    store: Store, index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their logs are long: a list shows what it has, and is whole when the background has read them."""
    monkeypatch.setattr(run_index, "SECONDS_FOR_MISSING_ROWS", 0.0)
    gate = threading.Event()

    def slow(run: Run, known: RunSummary | None = None) -> RunSummary:
        gate.wait()
        return summarise(run, known)

    monkeypatch.setattr(run_index, "summarise", slow)
    runs = [finished_run(store, str(number)) for number in range(25)]
    page = index.page(0, 20)
    assert not page.is_complete and page.total == 25
    assert len(page.runs) == 20 and all(summary is None for _, summary in page.runs)
    assert index.with_model(9) == [] and not index.page(0, 20, Query(search="a")).is_complete
    gate.set()
    until(lambda: index.page(0, 20).is_complete)
    until(lambda: len(index.with_model(50)) == 25)
    assert {run.id for run, _ in index.page(0, 50).runs} == {run.id for run in runs}


def test_the_row_of_a_long_run_is_small(store: Store, index: RunIndex) -> None:
    run = at_work(write_steps(make_run(store), 2000))
    write(run, *[checked(2000 + number, 0.5) for number in range(300)], *[Note(text="x" * 80) for _ in range(100)])
    index.summary(run)
    table = sqlite3.connect(store.home.run_index)
    ((content,),) = table.execute("SELECT content FROM contents").fetchall()
    table.close()
    assert len(content) < 3000 and json.loads(content)["state"]["latest"]["step"] == 2000


# --- damaged runs ---------------------------------------------------------------------------------

DAMAGES: dict[str, bytes | None] = {
    "empty": b"",
    "cut off": b'{"na',
    "a text": b'"x"',
    "a number": b"5",
    "no text": b"\xff\xfe",
    "zeros": b"\0" * 64,
    "wrong types": b'{"name": [], "created": "x", "time": {}, "pid": "x", "started": [], "command": 5, "dataset": 5}',
    "deeply nested": b"[" * 100_000,
    "a folder": None,
}
FILES = ("run.yaml", "meta.json", "events.jsonl", "queued.json", "worker.json", "control.json", "data/dataset.json")


def damage(file: Path, content: bytes | None) -> None:
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)


@pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_run_breaks_no_list(store: Store, index: RunIndex, name: str, content: bytes | None) -> None:
    whole, broken = finished_run(store, "whole"), abandoned(make_run(store, "broken"))
    damage(broken.folder / name, content)
    assert {summary.id for summary in index.all()} == {whole.id, broken.id}
    assert index.page(0, 20).total == 2 and shown(index, "whole") == [("whole", "completed")]
    assert [summary.id for summary in index.with_model(5)] == [whole.id]
    assert broken.dataset is None and (broken.worker is None) == (name == "worker.json")
    store.busy()
    summary = index.summary(broken)
    assert summary is not None and index.summary(whole).damage == ""  # type: ignore[union-attr]
    told = (
        (name == "run.yaml" and content != DAMAGES["wrong types"])
        or name == "meta.json"
        or (name == "events.jsonl" and content != b"")
    )
    assert (name in summary.damage) == told
    broken.rename("mended")
    broken.set_worker(broken.worker or at_work(broken).worker)  # type: ignore[arg-type]
    broken.enqueue()
    assert broken.name == "mended" and broken.created > NOW - 1e6 and not broken.meta_is_damaged
    assert broken.state().status == "queued"


def test_a_search_of_a_whole_text_and_many_groups_leave_the_index_whole(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite takes no statement of more than some terms."""
    store = Store(home)
    make_run(store, "a run")
    index = RunIndex(store)
    assert [summary.choices.name for summary in index.all(Query(search="run a " * 5000))] == ["a run"]
    assert index._table.highest([str(number) for number in range(1200)]) == []
    assert "index of runs" not in caplog.text


@pytest.mark.parametrize("meta", ['{"name": "\\ud800"}', '{"tags": ["\\udc00"]}', '{"created": 1%s}' % ("0" * 400)])
def test_what_nothing_can_store_is_no_name_and_no_tag(home: Home, meta: str) -> None:
    store = Store(home)
    run = make_run(store, "a run")
    run.meta_file.write_text(meta, encoding="utf-8")
    (summary,) = RunIndex(store).all()
    assert summary.choices.name == run.id and "meta.json is damaged" in summary.damage
    run.rename("again")
    assert run.name == "again" and not run.meta_is_damaged
