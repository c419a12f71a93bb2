"""Asking finished models: answers, a process that is killed, a base model that is gone."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import tiny
from trained import Workers

from studio import inference_process
from studio.errors import StudioError
from studio.inference_process import InferenceProcess
from studio.paths import Home
from studio.predictor import Exchange, Predictor, Step, result_of
from studio.store import Run, Store
from studio.tasks.base import Answer

T = TypeVar("T")
GOOD, BAD = "a great and lovely film", "a poor and sad story"


def rows(*texts: str) -> list[dict[str, str]]:
    return [{"text": text} for text in texts]


@pytest.fixture(scope="module")
def base_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of this module's own, to take away."""
    return tiny.write_text_model(tmp_path_factory.mktemp("base") / "tiny-bert")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, base_model: Path, reviews: Path, workers: Workers) -> Run:
    """A finished run of the tiny model, made by a real worker."""
    home = Home(tmp_path_factory.mktemp("predictor") / "home")
    config = (
        f"task: text-classification\nmodel: {{id: '{base_model}'}}\ndata: {{source: '{reviews}'}}\n"
        "training: {epochs: 10, batch_size: 8, learning_rate: 0.005, precision: fp32, device: cpu}\n"
    )
    run = Store(home).create(config, "tiny")
    assert workers.work(run).has_model
    return run


@pytest.fixture(scope="module")
def forked_ones(forking: dict[str, str]) -> Iterator[None]:
    """Inference processes begin with their imports done."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in forking.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def predictor(forked_ones: None) -> Iterator[Predictor]:
    made = Predictor()
    yield made
    made.close()


def test_it_answers_with_the_tuned_and_the_untouched_model(predictor: Predictor, trained: Run) -> None:
    tuned = predictor.predict(trained, rows(GOOD, BAD))
    assert [answer.value for answer in tuned] == ["good", "bad"]
    assert all(abs(sum(answer.details["probabilities"].values()) - 1) < 1e-5 for answer in tuned)
    assert list(tuned[0].details["probabilities"]) == ["good", "bad"], "the most likely class comes first"
    before = predictor.predict(trained, rows(GOOD), "before")
    assert before[0].details != tuned[0].details


def test_it_answers_again_after_its_process_was_killed(predictor: Predictor, trained: Run) -> None:
    first = predictor.predict(trained, rows(GOOD))
    process = resident(predictor)
    process.end()
    assert predictor.predict(trained, rows(GOOD)) == first
    assert resident(predictor) is not process


def resident(predictor: Predictor) -> InferenceProcess:
    assert predictor._resident is not None
    return predictor._resident


def followed(exchange: Exchange[T]) -> tuple[list[Step], T]:
    """All steps that bring rows, and the result."""
    steps = []
    while True:
        try:
            steps += [step] if (step := next(exchange)).answered else []
        except StopIteration as end:
            return steps, end.value


def test_a_file_of_inputs_comes_in_chunks(predictor: Predictor, trained: Run, tmp_path: Path) -> None:
    source = tmp_path / "inputs.csv"
    source.write_text("text,id\n" + f"{GOOD},1\n,2\n{BAD},3\n" * 30, encoding="utf-8")
    chunks, result = followed(predictor.predict_file(trained, str(source)))
    answered = [row for chunk in chunks for row in chunk.answered]
    assert result == {"rows": 90, "labels": ["bad", "good"]} and len(answered) == chunks[-1].done == 90
    assert len(chunks) > 1 and {chunk.total for chunk in chunks} == {len(answered)}
    assert [row.given["id"] for row in answered] == ["1", "2", "3"] * 30
    assert [row.answer.value if row.answer else row.problem for row in answered[:3]] == [
        "good", "The text is empty.", "bad",
    ]  # fmt: skip


def test_an_asker_that_leaves_in_the_middle_does_not_lock_the_others_out(
    predictor: Predictor, trained: Run, tmp_path: Path
) -> None:
    source = tmp_path / "inputs.csv"
    source.write_text("text\n" + f"{GOOD}\n" * 4000, encoding="utf-8")
    predictor.predict(trained, rows(GOOD))  # the resident process is there
    exchange = predictor.predict_file(trained, str(source))
    next(exchange)
    (process,) = predictor._processes - {resident(predictor)}
    exchange.close()
    assert not process._reader.is_alive(), "what was forked for it still holds its stdout"
    answer = predictor.predict(trained, rows(BAD))
    assert answer[0].value == "bad"


def test_export_into_an_archive(predictor: Predictor, trained: Run, tmp_path: Path) -> None:
    from zipfile import ZipFile

    with pytest.raises(StudioError, match="not enough room"):
        result_of(predictor.export_archive(trained, "folder", tmp_path / "no.zip", room=1000))
    assert not (tmp_path / "no.zip").exists()
    archive = result_of(predictor.export_archive(trained, "folder", tmp_path / "below" / "model.zip"))
    names = ZipFile(archive).namelist()
    assert any(name.endswith("README.md") for name in names) and any(name.endswith(".safetensors") for name in names)
    assert not list(trained.folder.glob("tmp*")), "the unpacked copy was left behind"


def test_a_mistake_is_explained_and_the_process_goes_on(predictor: Predictor, trained: Run, tmp_path: Path) -> None:
    process = resident(predictor)
    with pytest.raises(StudioError):
        result_of(predictor.export(trained, "no-such-format", str(tmp_path)))
    with pytest.raises(StudioError, match="no longer there"):
        predictor.predict(Run(tmp_path / "nothing"), rows(GOOD))
    assert predictor.predict(trained, rows(GOOD))[0].value == "good"
    assert resident(predictor) is process


def test_a_base_model_that_is_gone_is_said(predictor: Predictor, trained: Run, base_model: Path) -> None:
    """The last test of this run: it takes its base model away."""
    resident(predictor).end()  # which forgets the models that it holds
    away = base_model.with_name("elsewhere")
    shutil.move(base_model, away)
    try:
        with pytest.raises(StudioError) as caught:
            predictor.predict(trained, rows(GOOD), "before")
        assert str(base_model) in str(caught.value) or base_model.name in str(caught.value)
        assert caught.value.explanation.what_to_do
    finally:
        shutil.move(away, base_model)
    assert predictor.predict(trained, rows(GOOD), "before")


# --- with a stand-in process ----------------------------------------------------------------------

# Answers every row with itself, and a file with ten rows. {pids}: a folder with a file for every process that computes.
ECHO = """
import json, os, pathlib, sys, time
pids, warmed = pathlib.Path({pids!r}), []
for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "warm-up":
        warmed.append(request["run_dir"])
        continue
    rows = request.get("rows", [])
    (pids / str(os.getpid())).write_text(request.get("input") or request.get("to") or rows[0]["text"])
    if rows == [{{"text": "die"}}]:
        os._exit(1)
    if "slow" in (request.get("input"), request.get("to"), *(row["text"] for row in rows)):
        time.sleep(600)
    said = [{{"value": row["text"], "details": {{"warmed": warmed}}}} for row in rows]
    print(json.dumps({{"id": request["id"], "result": said}}), flush=True)
"""
PATIENCE = 60.0  # seconds; a busy machine is slow


class StandIn:
    """A predictor whose processes run `code`, and what is known of these."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, code: str = ECHO) -> None:
        self.pids = folder / "pids"
        self.pids.mkdir()
        command = [sys.executable, "-c", code.format(pids=str(self.pids)) if code is ECHO else code]
        monkeypatch.setattr(inference_process, "engine_command", lambda name: command)
        self.predictor = Predictor()
        self.run = Run(folder)

    def ask(self, text: str, cancelled: threading.Event | None = None) -> Exchange[list[Answer]]:
        return self.predictor.ask(self.run, rows(text), "tuned", cancelled)

    def value(self, text: str) -> Any:
        return self.predictor.predict(self.run, rows(text))[0].value

    def pid_of(self, text: str) -> int | None:
        """Of the process that has been asked this most lately."""
        return next((int(file.name) for file in self.pids.iterdir() if file.read_text() == text), None)

    def computing(self, exchange: Exchange[Any], text: str) -> psutil.Process:
        """The process that computes the answer, once it does."""
        end = time.monotonic() + PATIENCE
        while (pid := self.pid_of(text)) is None:
            assert time.monotonic() < end
            assert not next(exchange).in_line
        return psutil.Process(pid)


@pytest.fixture
def standing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    made = StandIn(tmp_path, monkeypatch)
    yield made
    made.predictor.close()


def in_thread(ask: Callable[[], Any]) -> "Future[Any]":
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # noqa: BLE001  whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def test_a_process_that_never_answers_is_tried_twice(standing_in: StandIn) -> None:
    with pytest.raises(StudioError, match="The model gave no answer"):
        standing_in.value("die")
    assert len(list(standing_in.pids.iterdir())) == 2
    assert standing_in.value("ö") == "ö"


@pytest.mark.parametrize("breaks_after", [1, 2, 3])
def test_after_a_broken_exchange_no_row_comes_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, breaks_after: int
) -> None:
    """The first process dies after some chunks of three rows; the second one answers everything in chunks of two."""
    first = tmp_path / "first"
    code = (
        "import json, os, sys\n"
        f"first = not os.path.exists({str(first)!r})\n"
        f"open({str(first)!r}, 'w').close()\n"
        "request, size = json.loads(sys.stdin.readline()), 3 if first else 2\n"
        "for number, start in enumerate(range(0, 10, size)):\n"
        f"    if first and number == {breaks_after}:\n"
        "        os._exit(1)\n"
        "    some = [{'given': {'n': n}, 'answer': None, 'problem': ''} for n in range(start, min(10, start + size))]\n"
        "    progress = {'done': start + len(some), 'total': 10}\n"
        "    print(json.dumps({'id': request['id'], 'progress': progress, 'answered': some}), flush=True)\n"
        "print(json.dumps({'id': request['id'], 'result': {'rows': 10, 'labels': []}}), flush=True)\n"
    )
    steps = list(StandIn(tmp_path, monkeypatch, code).predictor.predict_file(Run(tmp_path), "many.csv"))
    assert [row.given["n"] for step in steps for row in step.answered] == list(range(10))
    assert steps[-1].done == steps[-1].total == 10
    assert [step.done for step in steps] == sorted(step.done for step in steps)


@pytest.mark.parametrize("leave", ["cancel", "close"])
@pytest.mark.parametrize("kind", ["question", "file", "export"])
def test_who_leaves_ends_the_computing_and_nobody_else_s(standing_in: StandIn, kind: str, leave: str) -> None:
    """The question of a few rows has another one behind it; beside the long ones there is another long one."""
    cancelled = threading.Event()
    asked = {
        "question": lambda: standing_in.ask("slow", cancelled),
        "file": lambda: standing_in.predictor.predict_file(standing_in.run, "slow", cancelled),
        "export": lambda: standing_in.predictor.export(standing_in.run, "folder", "slow", cancelled),
    }[kind]()
    computing = standing_in.computing(asked, "slow")
    other = standing_in.ask("other")
    if kind == "question":
        assert next(other).in_line
    if leave == "close":
        asked.close()
    else:
        cancelled.set()
        with pytest.raises(StudioError, match="It was cancelled"):
            result_of(asked)
    assert not computing.is_running() or computing.status() == psutil.STATUS_ZOMBIE
    assert result_of(other)[0].value == "other"
    assert len(standing_in.predictor._processes) == 1, "only the one for questions is left"


def test_who_gives_up_waiting_is_never_computed_and_disturbs_nobody(standing_in: StandIn) -> None:
    first = standing_in.ask("first")
    assert standing_in.value("x") == "x"  # the process is there
    slow, cancelled = standing_in.ask("slow"), threading.Event()
    computing = standing_in.computing(slow, "slow")
    left, called_off = standing_in.ask("left"), standing_in.ask("called off", cancelled)
    assert next(left).in_line and next(called_off).in_line and next(first).in_line
    left.close()
    cancelled.set()
    with pytest.raises(StudioError, match="It was cancelled"):
        next(called_off)
    assert computing.is_running() and not next(slow).in_line
    slow.close()
    assert result_of(first)[0].value == "first"
    assert not {"left", "called off"} & {file.read_text() for file in standing_in.pids.iterdir()}


def test_a_question_without_end_gives_way_to_those_behind_it(
    standing_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.predictor.MOST_SECONDS", 0.0)
    slow = standing_in.ask("slow")
    computing = standing_in.computing(slow, "slow")
    assert not next(slow).in_line, "nobody waits: it may take its time"
    other = standing_in.ask("other")
    assert next(other).in_line
    with pytest.raises(StudioError, match="takes too long"):
        next(slow)
    assert not computing.is_running() or computing.status() == psutil.STATUS_ZOMBIE
    assert result_of(other)[0].value == "other"


def test_a_long_file_holds_up_no_question_and_two_long_ones_a_third(standing_in: StandIn) -> None:
    predictor, run = standing_in.predictor, standing_in.run
    file, export = predictor.predict_file(run, "slow"), predictor.export(run, "folder", "slow")
    computing = standing_in.computing(file, "slow")
    assert not next(export).in_line
    assert standing_in.value("a question") == "a question"
    third = predictor.predict_file(run, "many.csv")
    assert next(third).in_line, "each holds a model in memory"
    export.close()
    assert result_of(third) == []
    assert computing.is_running() and not next(file).in_line
    file.close()


def test_a_warm_up_waits_for_nothing_and_is_sent_once(standing_in: StandIn, tmp_path: Path) -> None:
    predictor, run = standing_in.predictor, standing_in.run
    predictor.warm_up()
    process = resident(predictor)
    predictor.warm_up(run)
    predictor.warm_up(run)
    assert resident(predictor) is process
    warmed = [str(run.folder)]
    assert predictor.predict(run, rows("x"))[0].details == {"warmed": warmed}
    slow = standing_in.ask("slow")
    standing_in.computing(slow, "slow")
    predictor.warm_up(Run(tmp_path / "another"))
    assert predictor._warm == (process, run.id), "while somebody is being answered nothing is asked for"
    slow.close()
    predictor.warm_up(run)  # another process knows nothing yet
    assert predictor.predict(run, rows("x"))[0].details == {"warmed": warmed}


def test_many_askers_get_their_own_answers(standing_in: StandIn) -> None:
    askers = {str(number): in_thread(partial(standing_in.value, str(number))) for number in range(20)}
    assert all(asker.result(PATIENCE) == text for text, asker in askers.items())
    assert len(list(standing_in.pids.iterdir())) == 1, "one process for all"


def test_closing_ends_all_processes_and_cancels_what_they_compute(standing_in: StandIn) -> None:
    question, file = standing_in.ask("slow"), standing_in.predictor.predict_file(standing_in.run, "slow")
    standing_in.computing(question, "slow")
    next(file)
    processes = [psutil.Process(process.pid) for process in standing_in.predictor._processes]
    standing_in.predictor.close()
    assert len(processes) == 2 and not any(process.is_running() for process in processes)
    for asked in (question, file):
        with pytest.raises(StudioError, match="It was cancelled"):
            next(asked)
    standing_in.predictor.warm_up()
    assert not standing_in.predictor._processes, "nothing begins any more"
