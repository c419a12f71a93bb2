"""Whatever happens to runs, in any order: none is lost, none has two workers, and each ends as if nothing had been.

Hypothesis makes up the lives: start, pause, stop, resume, delete, restore, a killed worker, a killed server, a full
disk, a damaged file. The short form is the same each time. The long form is another one each time:

    STUDIO_FUZZ_LIVES=50 uv run pytest -n0 -s tests/faults/test_life_of_runs.py

A failure prints the life as a program.
"""

import itertools
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import trained
from drawn_pages import opened, reading_quickly, services_of, shell_of
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from trained import Workers, held, kill_held, new_run, wait_for_end, wait_until

from studio import forked, runner
from studio.app.drafts import OWN, Draft
from studio.app.live import poll
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.run_list import run_page
from studio.app.runs import config_of
from studio.engine.slots import CONCURRENT_VARIABLE
from studio.errors import StudioError
from studio.events import ACTIVE, RESUMABLE
from studio.files import read_object
from studio.paths import Home
from studio.processes import Identity
from studio.store import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there are workers forked")

LONG = "STUDIO_FUZZ_LIVES" in os.environ
LIVES = int(os.environ.get("STUDIO_FUZZ_LIVES", "3"))
STEPS_OF_A_LIFE = 30 if LONG else 12
TRAINING = {"epochs": 2, "checkpoint_seconds": 0}
MOST_RUNS = 3
AT_ONCE = 2
NEVER = 10_000  # steps: a worker that is not held
WAYS = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "junk": lambda content: b"\xff\xfe\x00[[{",
    "list": lambda content: b"[1]\n",
    "object": lambda content: b'{"a": 1}\n',
    "folder": None,
    "gone": None,
}
T = TypeVar("T")
WHICH = st.integers(0, 11)
WHAT = st.sampled_from(["run", "run", "data", "draft"])
MOMENTS = st.sampled_from([0, 1, 3, 7, 8, 12, 15, NEVER])
DISKS = st.sampled_from(["room", "room", "room", "full"])


@dataclass(frozen=True)
class World:
    """What all lives share. undisturbed: a run with their settings that nothing happened to."""

    folder: Path
    model: Path
    data: Path
    undisturbed: Run
    numbers: Iterator[int] = field(default_factory=itertools.count)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class Known:
    """What was seen of a run: its log, and every worker that was started for it."""

    log: bytes = b""
    workers: list[Identity] = field(default_factory=list)
    damaged: bool = False


class Lives(RuleBasedStateMachine):
    world: World
    log: pytest.LogCaptureFixture

    @initialize(steps=MOMENTS)
    def begin(self, steps: int) -> None:
        self.home = Home(self.world.folder / f"home-{next(self.world.numbers)}")
        self.known: dict[str, Known] = {}
        self.data_is_damaged = False
        self.turns = itertools.count()
        self.server = ExitStack()
        self.serve()
        self.start(waits=False, steps=steps, disk="room")

    # --- the world ------------------------------------------------------------------------------

    def serve(self) -> None:
        self.services: Services = self.server.enter_context(services_of(self.home))
        self.shell: Shell = shell_of(self.services)
        self.services.supervisor.concurrent = AT_ONCE
        self.services.store.mark_busy()  # as the supervisor's thread does first

    def look(self, steps: int, disk: str) -> None:
        """The supervisor looks at the queue. Afterwards its workers have ended, or are held after so many steps."""

        def fork(log: Path, environment: dict[str, str], module: str, folder: str) -> int | None:
            pid = forked.fork_detached(log, here, "faults.held_in_trouble", folder, str(steps), disk)
            assert pid is not None
            begun.append(Path(folder).name)
            with suppress(psutil.NoSuchProcess):
                self.known[Path(folder).name].workers.append(Identity.of(pid))
            return pid

        begun: list[str] = []
        here = {CONCURRENT_VARIABLE: str(AT_ONCE)}  # a worker that waits for its turn would never be held
        self.world.counts[f"work, {disk} disk"] += 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runner, "fork_detached", fork)
            self.services.supervisor.start_waiting()
        for run_id, known in self.known.items():
            for worker in known.workers:
                wait_until(lambda run_id=run_id, worker=worker: not worker.is_alive or held(self.run(run_id)).exists())  # type: ignore[misc]

        if disk == "full" and not self.data_is_damaged:
            self.a_full_disk_is_named(run_id for run_id in begun if not self.known[run_id].damaged)

    def a_full_disk_is_named(self, begun: Iterable[str]) -> None:
        """A run that could not write says why, or cannot even say that."""
        for state in (self.run(run_id).state() for run_id in begun):
            if state.status == "failed":
                assert state.failure and state.failure.what == "The disk is full.", state.failure
                self.world.counts["failed for a full disk"] += 1

    def run(self, run_id: str) -> Run:
        return Run(self.home.runs / run_id)

    def at_work(self) -> list[Run]:
        return [self.run(run_id) for run_id in self.known if self.worker_of(self.run(run_id))]

    def choose(self, which: int) -> Run | None:
        """One of the runs that are there."""
        there = [run for run_id in self.known if (run := self.services.store.find(run_id))]
        return among(there, which) if there else None

    def worker_of(self, run: Run) -> Identity | None:
        return next((worker for worker in self.known[run.id].workers if worker.is_alive), None)

    def release(self, run: Run) -> None:
        worker = self.worker_of(run)
        held(run).unlink(missing_ok=True)
        if worker is not None:
            wait_for_end(worker)

    def ask(self, action: str, run: Run) -> bool:
        """Whether it was done. Of a run that is not damaged, only what is foreseen is refused."""
        self.world.counts[action] += 1
        status = run.state().status
        of = self.services.store if action == "delete" else self.services.supervisor
        try:
            getattr(of, action)(run)
        except StudioError:
            self.world.counts[f"{action} refused"] += 1
            foreseen = {"resume": status not in RESUMABLE, "delete": status in ACTIVE}
            assert self.known[run.id].damaged or foreseen.get(action, False), (action, status)
            return False
        return True

    # --- what happens ---------------------------------------------------------------------------

    @precondition(lambda self: len(self.known) < MOST_RUNS)
    @rule(waits=st.booleans(), steps=MOMENTS, disk=DISKS)
    def start(self, waits: bool, steps: int, disk: str) -> None:
        run = new_run(self.home, "text-classification", self.world.model, self.world.data, training=TRAINING)
        self.known[run.id] = Known()
        self.services.supervisor.enqueue(run)
        self.world.counts["start"] += 1
        if not waits:
            self.look(steps, disk)

    @precondition(lambda self: self.services.supervisor.queue())
    @rule(steps=MOMENTS, disk=DISKS)
    def work(self, steps: int, disk: str) -> None:
        self.look(steps, disk)

    @precondition(lambda self: self.at_work())
    @rule(which=WHICH)
    def go_on(self, which: int) -> None:
        self.world.counts["go on"] += 1
        self.release(among(self.at_work(), which))

    @precondition(lambda self: self.at_work())
    @rule(which=WHICH)
    def pause(self, which: int) -> None:
        run = among(self.at_work(), which)
        if self.ask("pause", run):
            self.release(run)

    @rule(which=WHICH)
    def stop(self, which: int) -> None:
        if (run := self.choose(which)) and self.ask("stop", run) and run.exists:
            self.release(run)

    @precondition(lambda self: len(self.at_work()) < len(self.known))
    @rule(which=WHICH, waits=st.booleans(), steps=MOMENTS, disk=DISKS)
    def resume(self, which: int, waits: bool, steps: int, disk: str) -> None:
        if (run := self.choose(which)) and self.ask("resume", run) and not waits:
            self.look(steps, disk)

    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        if (run := self.choose(which)) and self.ask("delete", run):
            assert not run.folder.exists() and (self.home.trash / run.id).is_dir()

    @precondition(lambda self: any(self.services.store.deleted()))
    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        self.world.counts["restore"] += 1
        gone = {run.id for run in self.services.store.deleted()}
        self.services.store.restore(among([run_id for run_id in self.known if run_id in gone], which))

    @precondition(lambda self: self.at_work())
    @rule(which=WHICH)
    def kill_worker(self, which: int) -> None:
        self.world.counts["worker killed"] += 1
        run = among(self.at_work(), which)
        kill_held(run, self.known[run.id].workers[-1])
        assert self.known[run.id].damaged or run.state().status == "interrupted"

    @rule(marks_too=st.booleans())
    def kill_server(self, marks_too: bool) -> None:
        """Nothing in memory survives; sometimes not even the marks of the runs that are at work."""
        self.world.counts["server killed"] += 1
        self.server.close()
        if marks_too:
            shutil.rmtree(self.home.busy, ignore_errors=True)
        self.serve()

    @precondition(lambda self: not self.at_work())
    @rule(what=WHAT, which=WHICH, file=st.integers(0, 50), way=st.sampled_from(list(WAYS)))
    def damage_a_file(self, what: str, which: int, file: int, way: str) -> None:
        if what == "run" and (run := self.choose(which)):
            self.known[run.id].damaged |= self.damage(run.folder, file, way)
        elif what == "data":
            self.data_is_damaged |= self.damage(self.home.datasets, file, way)
        elif what == "draft" and self.damage(self.home.drafts, 0, way):
            self.shell._load(self.draft().id)  # another one begins where this one cannot be read
            shutil.rmtree(self.home.drafts)

    def damage(self, folder: Path, number: int, way: str) -> bool:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if not files:
            return False
        self.world.counts["damage"] += 1
        file = files[number % len(files)]
        content = file.read_bytes()
        file.unlink()
        if way == "folder":
            file.mkdir()
        elif change := WAYS[way]:
            file.write_bytes(change(content))
        return True

    # --- what holds all the time -----------------------------------------------------------------

    @invariant()
    def no_run_is_lost(self) -> None:
        for run_id in getattr(self, "known", ()):
            assert [(folder / run_id).is_dir() for folder in (self.home.runs, self.home.trash)].count(True) == 1

    @invariant()
    def logs_only_grow(self) -> None:
        for run_id, known in getattr(self, "known", {}).items():
            log = next(folder / run_id / "events.jsonl" for folder in (self.home.runs, self.home.trash) if (folder / run_id).is_dir())  # fmt: skip  # noqa: E501
            if not known.damaged and log.exists():
                content = log.read_bytes()
                assert content.startswith(known.log)
                known.log = content

    @invariant()
    def a_run_has_one_worker(self) -> None:
        for run_id, known in getattr(self, "known", {}).items():
            alive = [worker for worker in known.workers if worker.is_alive]
            assert len(alive) <= 1
            run = self.run(run_id)
            if alive:
                assert run.worker == alive[0] and run in self.services.supervisor.active()
                assert known.damaged or run.state().status in ACTIVE

    @invariant()
    def every_page_answers(self) -> None:
        if not hasattr(self, "shell"):
            return
        draft = self.draft()
        pages = list(self.shell.pages)
        if not LONG:  # then each step draws two of them
            pages = [among(pages, next(self.turns)) for _ in range(2)]
        for page in pages:
            steps, _, _ = opened(self.services, self.shell, draft, page)
            assert len(steps["steps"]) == 5
        run_page(self.services, {})
        for run_id in self.known:
            with suppress(StudioError):
                poll(self.services.store, self.services.states, run_id, 0)
        assert "could not be drawn" not in self.log.text

    def draft(self) -> Draft:
        there = [run for run_id in self.known if (run := self.services.store.find(run_id))]
        config = next((config for run in there if (config := config_of(run))), None)
        draft = Draft(id="0" * 24, config=config.model_dump(mode="json") if config else {}, demo=OWN, title="reviews")
        if there:
            run = there[-1]
            draft = draft.change(
                dataset=run.dataset, run=run.id, picked=run.id, compared=tuple(run.id for run in there)
            )
        return draft.change(folders=(str(self.world.model),))

    # --- the end ----------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "known"):
            return
        try:
            if sys.exc_info()[0] is None:
                self.every_run_comes_to_its_end()
        finally:
            for known in self.known.values():
                for worker in known.workers:
                    if process := worker.process():
                        process.kill()
                        wait_for_end(worker)
            self.server.close()
            shutil.rmtree(self.home.root, ignore_errors=True)

    def every_run_comes_to_its_end(self) -> None:
        """What was deleted is restored, what waits is trained; and what was trained to its end is as if nothing had
        happened to it."""
        for gone in list(self.services.store.deleted()):
            self.services.store.restore(gone.id)
        sound = [self.run(run_id) for run_id, known in self.known.items() if not known.damaged]
        for run in sound:
            self.release(run)
            if run.state().status in RESUMABLE:
                self.services.supervisor.resume(run)
        while self.services.supervisor.queue():
            self.look(NEVER, "room")
        for run in sound:
            state = run.state()
            self.world.counts[f"ended {state.status}"] += 1
            assert state.status in ("completed", "stopped") or self.data_is_damaged, run.worker_log.read_text()
            if state.status == "completed":
                assert_same_result(run, self.world.undisturbed)
        self.logs_only_grow()


def among(things: list[T], which: int) -> T:
    return things[which % len(things)]


def assert_same_result(run: Run, other: Run) -> None:
    trained.assert_same_training(run, other)
    assert read_object(run.scores_file) == read_object(other.scores_file)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, text_model: Path, reviews: Path, workers: Workers) -> World:
    folder = tmp_path_factory.mktemp("lives")
    undisturbed = new_run(Home(folder / "undisturbed"), "text-classification", text_model, reviews, training=TRAINING)
    assert workers.work(undisturbed).status == "completed", undisturbed.worker_log.read_text()
    return World(folder, text_model, reviews, undisturbed)


@pytest.fixture
def lives(world: World, forked: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> type[Lives]:
    reading_quickly(monkeypatch, str(world.model))

    class Here(Lives):
        pass

    Here.world, Here.log = world, caplog
    return Here


def test_a_life_with_everything(lives: type[Lives]) -> None:
    """Each rule at least once, whatever the lives are that are made up."""
    life = lives()
    happens: list[tuple[Callable[..., None], dict[str, Any]]] = [
        (life.begin, {"steps": 3}),
        (life.kill_server, {"marks_too": True}),
        (life.kill_worker, {"which": 0}),
        (life.resume, {"which": 0, "waits": False, "steps": 7, "disk": "full"}),  # the disk is full before that
        (life.start, {"waits": True, "steps": 0, "disk": "room"}),
        (life.delete, {"which": 0}),
        (life.stop, {"which": 0}),  # the one that waits
        (life.restore, {"which": 0}),
        (life.damage_a_file, {"what": "draft", "which": 0, "file": 0, "way": "junk"}),
        (life.resume, {"which": 0, "waits": False, "steps": 8, "disk": "room"}),
        (life.pause, {"which": 0}),
        (life.restore, {"which": 0}),
        (life.resume, {"which": 1, "waits": True, "steps": 0, "disk": "room"}),
        (life.work, {"steps": 5, "disk": "room"}),
        (life.go_on, {"which": 0}),
        (life.start, {"waits": False, "steps": 1, "disk": "room"}),
        (life.stop, {"which": 2}),
        (life.damage_a_file, {"what": "run", "which": 2, "file": 0, "way": "empty"}),
        (life.damage_a_file, {"what": "data", "which": 0, "file": 0, "way": "folder"}),
    ]
    try:
        for rule_of, values in happens:
            rule_of(**values)
            for holds in (life.no_run_is_lost, life.logs_only_grow, life.a_run_has_one_worker, life.every_page_answers):
                holds()
    finally:
        life.teardown()
    assert life.world.counts["failed for a full disk"]


def test_lives_of_runs(lives: type[Lives]) -> None:
    form = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS_OF_A_LIFE,
        deadline=None,
        derandomize=not LONG,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lives, settings=form)
    print("lives:", dict(sorted(lives.world.counts.items())), file=sys.stderr)
