"""Runs trained by real worker processes, for the tests that need one: forked, or started cold."""

import json
import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil
import pytest
import tiny
import yaml

from studio.config import RunConfig
from studio.events import RunState, fold
from studio.forked import FORK_SERVER, ForkServer, cold_command, engine_command, fork_detached
from studio.language import unpacked
from studio.paths import Home
from studio.processes import Identity, start_detached
from studio.store import Run, Store

if TYPE_CHECKING:
    from studio.engine.session import Session

PATIENCE = 600.0  # seconds; a busy machine is slow, and nothing is proved by giving up early
LEARNING = {"epochs": 4, "batch_size": 8, "learning_rate": 0.003, "precision": "fp32"}


@contextmanager
def fork_server() -> Iterator[dict[str, str]]:
    """A running one, as environment variables."""
    server = ForkServer()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(FORK_SERVER, raising=False)
        patch.setenv("HF_HUB_OFFLINE", "0")  # whoever has to work offline says so after the fork
        server.start()
    os.environ.pop(FORK_SERVER, None)
    yield {FORK_SERVER: server.address, "PYTHONPATH": str(Path(__file__).parent)}
    server.close()


class Workers:
    """Starts workers: forked ones, whose imports are done, or a cold one, which takes ten seconds for them."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def start(self, run: Run, cold: bool = False, **environment: str) -> Identity:
        if cold:
            return Identity.of(start_detached(cold_command(*worker_of(run)), run.worker_log, {}).pid)
        return self._fork(run, *worker_of(run), **environment)

    def start_and_hold(self, run: Run, steps: int) -> Identity:
        """Start a worker and wait until it has made so many steps of the run; see `pause_held` and `kill_held`."""
        worker = self._fork(run, "held_worker", str(run.folder), str(steps))

        def is_there() -> bool:
            assert worker.is_alive, run.worker_log.read_text(encoding="utf-8")
            return held(run).exists()

        wait_until(is_there)
        return worker

    def _fork(self, run: Run, module: str, *arguments: str, **environment: str) -> Identity:
        variables = {**self._environment, **environment}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            pid = fork_detached(run.worker_log, {}, module, *arguments)
            if pid is None:  # it begins cold where nothing can be forked
                pid = start_detached(cold_command(module, *arguments), run.worker_log, {}).pid
        try:
            return Identity.of(pid)
        except psutil.NoSuchProcess:  # it had little to do
            return Identity(pid, 0.0)

    def work(self, run: Run, cold: bool = False) -> RunState:
        """Let a worker take the run up and wait for the worker's end."""
        wait_for_end(self.start(run, cold))
        return state_of(run)


def worker_of(run: Run) -> tuple[str, str]:
    return "studio.engine.worker", str(run.folder)


def held(run: Run) -> Path:
    return run.folder / "held"


def pause_held(run: Run, worker: Identity) -> None:
    """Pause where `Workers.start_and_hold` holds it: after the next step."""
    run.command("pause")
    held(run).unlink()
    wait_for_end(worker)


def kill_held(run: Run, worker: Identity) -> None:
    process = worker.process()
    assert process is not None
    process.kill()
    wait_for_end(worker)
    held(run).unlink()


def wait_for_end(worker: Identity) -> None:
    wait_until(lambda: not worker.is_alive)


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.005)


def state_of(run: Run) -> RunState:
    return fold(run.read_from()[0])


def stages_computed_once(run: Run) -> list[str]:
    """Stages of unfreezing ("0" where there are none) of which the frozen layers were computed once, or were known."""
    from studio.engine.resolved_settings import ResolvedSettings

    resolved = ResolvedSettings.read(run.folder)
    assert resolved is not None
    return [stage for stage, once in sorted(resolved.cached.items()) if once]


def new_run(home: Home, task: str, model: Path | str, data: Path, **more: Any) -> Run:
    """A run with quick settings. `training` is laid over them, `strategy` and the rest go in as they are."""
    values = {
        "task": task,
        "model": {"id": str(model)},
        "data": {"source": str(data)},
        **more,
        "training": {**LEARNING, **more.get("training", {})},
    }
    return Store(home).create(yaml.safe_dump(values), "a test")


def in_this_process(run: Run, monkeypatch: pytest.MonkeyPatch) -> int:
    """The worker's own main, here, so that a test can break something inside it. Returns its exit code."""
    import torch
    from accelerate.state import AcceleratorState

    from studio.engine import worker

    monkeypatch.setattr(logging, "basicConfig", lambda **settings: None)
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(1)  # as in the workers: another number gives other roundings
    AcceleratorState._reset_state(reset_partial_state=True)  # a worker knows of no run before it
    try:
        return worker.main(run.folder)
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)


def open_session(run: Run) -> "Session":
    """The run as its worker holds it right before the first step, here."""
    import torch

    from studio.config import RunConfig
    from studio.engine.material import load
    from studio.engine.reporting import Reporter
    from studio.engine.resolved_settings import ResolvedSettings
    from studio.engine.session import build

    torch.set_num_threads(1)
    config, reporter = RunConfig.from_file(run.config_file), Reporter(run)
    home = Home(run.folder.parent.parent)
    session = build(run, config, load(config, home, reporter), ResolvedSettings("cpu", 1), reporter)
    session.place(reporter, compute_once=True)
    return session


STRATEGIES: dict[str, dict[str, Any]] = {
    "full": {"strategy": {"name": "full"}},
    "freeze": {"strategy": {"name": "freeze", "last_blocks": 1}},
    "lora": {"strategy": {"name": "lora", "r": 4, "dropout": 0.1}, "training": {"learning_rate": 0.02}},
    "head": {"strategy": {"name": "freeze"}, "training": {"learning_rate": 0.02}},
    "gradual": {
        "strategy": {"name": "gradual", "every": "steps", "amount": 30, "rewarm": 5},
        "training": {"learning_rate": 0.003, "epochs": 8},
    },
    "lp-ft": {
        "strategy": {"name": "lp-ft", "probe": 0.25, "probe_rate": 4.0, "rewarm": 5},
        "training": {"epochs": 8},
    },
    "muon": {"training": {"optimizer": "muon", "schedule": "wsd"}},
    "schedule-free": {"training": {"optimizer": "schedule-free-adamw", "learning_rate": 0.005}},
    "plateau": {"training": {"optimizer": "adafactor", "learning_rate": 0.05, "schedule": "reduce-on-plateau"}},
    "adapter": {"strategy": {"name": "adapter", "place": "houlsby", "width": 8}, "training": {"learning_rate": 0.02}},
    "prompt": {
        "strategy": {"name": "prompt-tuning", "tokens": 4, "text": "good or bad"},
        "options": {"max_length": 16},
        "training": {"epochs": 2},
    },
    "mean": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"pooling": "mean", "max_length": 16},
        "training": {"learning_rate": 0.02, "epochs": 2},
    },
    "number": {"options": {"max_length": 16}, "training": {"epochs": 2}},
    "words": {"options": {"max_length": 16}},
    "labels": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"max_length": 16},
        "training": {"learning_rate": 0.02},
    },
    "questions": {"options": {"window": 24, "overlap": 8}, "training": {"epochs": 2}},
    "pairs": {"strategy": {"name": "lora", "r": 4}, "options": {"max_length": 24}, "training": {"epochs": 2}},
    "choices": {"options": {"max_length": 24}, "training": {"epochs": 2}},
    "table": {"options": {"max_length": 24}, "training": {"epochs": 2}},
    "liked": {"options": {"max_length": 16, "history": 3}, "training": {"epochs": 2}},
    "search": {"options": {"max_length": 16}, "training": {"epochs": 2}},
    "written": {"options": {"longest_answer": 12, "beams": 3}, "training": {"epochs": 2}},
    "shortened": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"longest_answer": 12},
        "training": {"epochs": 2, "learning_rate": 0.02},
    },
    "story": {"options": {"max_length": 24, "longest_answer": 6, "temperature": 0.0}, "training": {"epochs": 2}},
    "talk": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"max_length": 48, "longest_answer": 8, "temperature": 0.0},
        "training": {"epochs": 2, "learning_rate": 0.02},
    },
    "preferred": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"max_length": 32, "longest_answer": 6, "temperature": 0.0},
        "training": {"epochs": 2, "learning_rate": 0.01},
    },
    "image": {"strategy": {"name": "freeze"}, "training": {"learning_rate": 0.05, "epochs": 4}},
    "image-number": {"training": {"epochs": 2}},
    "speech": {"options": {"seconds": 1, "longest_answer": 8}, "training": {"epochs": 2}},
    "sounds": {"options": {"seconds": 1}, "training": {"epochs": 2}},
    "regions": {"options": {"image_size": 64}, "training": {"epochs": 1}},
    "described": {
        "strategy": {"name": "lora", "r": 4},
        "options": {"longest_answer": 8},
        "training": {"epochs": 1, "learning_rate": 0.01},
    },
    "asked": {"options": {"longest_answer": 8}, "training": {"epochs": 1}},
    "image-labels": {"strategy": {"name": "freeze"}, "training": {"learning_rate": 0.05, "epochs": 2}},
}


class Finished:
    """Finished runs by name, each trained when it is first asked for. One home for all."""

    def __init__(self, home: Home, workers: Workers, folder: Path, text_model: Path, image_model: Path) -> None:
        self.home = home
        self._workers, self._text_model = workers, text_model
        self.reviews = tiny.write_reviews(folder / "reviews.csv", 160)
        self.images = tiny.write_images(folder / "images.zip", 60)
        words = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]
        self.likes = tiny.write_likes(folder / "likes.csv")
        self.writer = tiny.write_writer(folder / "tiny-t5", words)
        self.speaker = tiny.write_language_model(folder / "tiny-llama", words)
        echoes = tiny.write_echoes(folder / "echoes.csv")
        speaker = tiny.write_speech_model(folder / "tiny-speech")
        segmenter = tiny.write_segmentation_model(folder / "tiny-segformer")
        self.seer = seer = tiny.write_seeing_model(folder / "tiny-git")
        described = tiny.write_described(folder / "described.zip")
        listener = tiny.write_sound_model(folder / "tiny-whisper")
        self._others = {  # than of text classification
            "number": ("text-regression", text_model, tiny.write_lengths(folder / "lengths.csv")),
            "words": ("token-classification", text_model, tiny.write_marked_words(folder / "words.jsonl")),
            "labels": ("text-labels", text_model, tiny.write_labelled(folder / "labels.csv")),
            "questions": ("extractive-qa", text_model, tiny.write_questions(folder / "questions.csv")),
            "pairs": ("text-pairs", text_model, tiny.write_pairs(folder / "pairs.csv")),
            "choices": ("multiple-choice", text_model, tiny.write_choices(folder / "choices.csv")),
            "table": ("tabular-classification", text_model, tiny.write_table(folder / "table.csv")),
            "liked": ("recommendation", text_model, self.likes),
            "search": ("search", text_model, tiny.write_matches(folder / "matches.csv")),
            "written": ("translation", self.writer, echoes),
            "shortened": ("summarization", self.writer, echoes),
            "story": ("text-generation", self.speaker, tiny.write_story(folder / "story.txt")),
            "talk": ("chat", self.speaker, tiny.write_talk(folder / "talk.jsonl")),
            "preferred": ("preference", self.speaker, tiny.write_preferences(folder / "preferences.jsonl")),
            "image": ("image-classification", image_model, self.images),
            "image-number": ("image-regression", image_model, tiny.write_weighed(folder / "weighed.zip")),
            "sounds": ("audio-classification", listener, tiny.write_sounds(folder / "sounds.zip", 32)),
            "speech": ("speech-recognition", speaker, tiny.write_spoken(folder / "spoken.zip", 32)),
            "regions": ("image-segmentation", segmenter, tiny.write_masked(folder / "masked.zip")),
            "described": ("image-captioning", seer, described),
            "asked": ("visual-question-answering", seer, described),
            "image-labels": ("image-labels", image_model, tiny.write_striped(folder / "labelled.zip")),
        }
        self._runs: dict[str, Run] = {}

    def new(
        self, name: str, options: dict[str, Any] | None = None, strategy: str | None = None, **training: Any
    ) -> Run:
        """The same run once more, not trained yet, with other settings where they are given."""
        chosen = {**STRATEGIES[name], **({"strategy": {"name": strategy}} if strategy else {})}
        task, model, data = self._others.get(name, ("text-classification", self._text_model, self.reviews))
        settings = {**chosen, "training": {**chosen.get("training", {}), **training}}
        if options is not None:
            settings["options"] = options
        return new_run(self.home, task, model, data, **settings)

    def __getitem__(self, name: str) -> Run:
        if name not in self._runs:
            run = self.new(name)
            state = self._workers.work(run)
            assert state.status == "completed", run.worker_log.read_text(encoding="utf-8")
            self._runs[name] = run
        return self._runs[name]


class Inference:
    """The inference process, asked as the studio asks it."""

    def __init__(self, environment: dict[str, str], errors: IO[str] | None = None) -> None:
        pipe, variables = subprocess.PIPE, {**os.environ, **environment}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", variables)
            command = engine_command("studio.engine.inference", "--keep", "2")
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=errors, text=True, encoding="utf-8", env=variables
        )
        self._questions = 0

    def messages(self, **request: Any) -> list[dict[str, Any]]:
        """Everything that is answered to one request; the last one holds `result` or `error`."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self._questions += 1
        values = {name: str(value) if isinstance(value, Path) else value for name, value in request.items()}
        self.process.stdin.write(json.dumps({"id": self._questions, **values}) + "\n")
        self.process.stdin.flush()
        messages = []
        while True:
            messages.append(json.loads(self.process.stdout.readline()))
            assert messages[-1]["id"] == self._questions
            if "progress" not in messages[-1]:
                return messages

    def ask(self, **request: Any) -> Any:
        last = self.messages(**request)[-1]
        assert "result" in last, last
        return last["result"]

    def refusal(self, **request: Any) -> str:
        return " ".join(map(unpacked, self.messages(**request)[-1]["error"].values()))

    def predict(self, run: Run, inputs: list[str], which: str = "tuned") -> list[dict[str, float]]:
        """The probabilities by class, for every input."""
        column = RunConfig.from_file(run.config_file).chosen_task.inputs[0].name
        rows = [{column: each} for each in inputs]
        answers = self.ask(op="predict", run_dir=run.folder, which=which, rows=rows)
        return [answer["details"]["probabilities"] for answer in answers]

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait()


def weights_file(run: Run) -> Path:
    adapter = run.model / "adapter_model.safetensors"
    return adapter if adapter.is_file() else run.model / "model.safetensors"


def assert_same_training(run: Run, other: Run) -> None:
    """Every loss, every metric and every weight."""
    one, two = state_of(run), state_of(other)
    assert one.train == two.train
    assert [(e.step, e.metrics, e.best) for e in one.validation] == [
        (e.step, e.metrics, e.best) for e in two.validation
    ]
    assert one.test is not None and two.test is not None and one.test.metrics == two.test.metrics
    assert one.finished is not None and two.finished is not None and one.finished.best_step == two.finished.best_step
    assert weights_file(run).read_bytes() == weights_file(other).read_bytes()


def assert_continuous(state: RunState) -> None:
    assert state.plan is not None
    assert [step for step, _ in state.train] == list(range(1, state.plan.total_steps + 1))
    assert [event.step for event in state.validation] == list(range(0, state.plan.total_steps + 1, 16))
    assert state.finished is not None and state.seconds >= 0


@pytest.fixture(scope="session")
def forking() -> Iterator[dict[str, str]]:
    """Environment variables with which engine processes are forked, and find the modules of this folder."""
    with fork_server() as variables:
        yield variables


@pytest.fixture
def forked(forking: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started in this test begins with its imports done; without this fixture it begins cold."""
    for name, value in forking.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def inference(forking: dict[str, str]) -> Iterator[Inference]:
    started = Inference(forking)
    yield started
    assert started.close() == 0


@pytest.fixture(scope="session")
def workers(forking: dict[str, str]) -> Workers:
    return Workers(forking)


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory, workers: Workers, text_model: Path, image_model: Path
) -> Finished:
    folder = tmp_path_factory.mktemp("finished")
    return Finished(Home(folder / "home"), workers, folder, text_model, image_model)
