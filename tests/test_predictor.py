"""Asking finished models: answers, a process that is killed, a base model that is gone."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from trained import Workers

from studio import predictor as module
from studio.errors import StudioError
from studio.paths import Home
from studio.predictor import Chunk, Exchange, Predictor
from studio.store import Run, Store

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


def test_a_warm_up_loads_both_models_once_and_disturbs_no_question(
    trained: Run, forking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, list[Any]]] = []
    send = Predictor._send

    def noting(process: subprocess.Popen[str], request: dict[str, Any]) -> None:
        sent.append((request["which"], request["rows"]))
        send(process, request)

    monkeypatch.setattr(Predictor, "_send", staticmethod(noting))
    predictor = Predictor()
    try:
        predictor.warm_up(trained)
        predictor.warm_up(trained)
        assert sent == [("tuned", []), ("before", [])]
        assert predictor.predict(trained, rows(GOOD))[0].value == "good"
        assert predictor._process is not None
        predictor._process.kill()
        predictor._process.wait()
        predictor.warm_up(trained)  # another process knows nothing yet
        assert sent[3:] == [("tuned", []), ("before", [])]
    finally:
        predictor.close()


def test_it_answers_again_after_its_process_was_killed(predictor: Predictor, trained: Run) -> None:
    first = predictor.predict(trained, rows(GOOD))
    process = predictor._process
    assert process is not None
    process.kill()
    process.wait()
    assert predictor.predict(trained, rows(GOOD)) == first
    assert predictor._process is not process


def followed(exchange: Exchange) -> tuple[list[Chunk], Any]:
    """All chunks, and the result."""
    chunks = []
    while True:
        try:
            chunks.append(next(exchange))
        except StopIteration as end:
            return chunks, end.value


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
    exchange = predictor.predict_file(trained, str(source))
    next(exchange)
    exchange.close()
    answer = predictor.predict(trained, rows(BAD))
    assert answer[0].value == "bad"


def test_export_into_an_archive(predictor: Predictor, trained: Run, tmp_path: Path) -> None:
    from zipfile import ZipFile

    archive = predictor.export_archive(trained, "folder", tmp_path / "below" / "model.zip")
    names = ZipFile(archive).namelist()
    assert any(name.endswith("README.md") for name in names) and any(name.endswith(".safetensors") for name in names)
    assert not list(trained.folder.glob("tmp*")), "the unpacked copy was left behind"


def test_a_mistake_is_explained_and_the_process_goes_on(predictor: Predictor, trained: Run, tmp_path: Path) -> None:
    process = predictor._process
    with pytest.raises(StudioError):
        predictor.export(trained, "no-such-format", str(tmp_path))
    with pytest.raises(StudioError, match="no longer there"):
        predictor.predict(Run(tmp_path / "nothing"), rows(GOOD))
    assert predictor.predict(trained, rows(GOOD))[0].value == "good"
    assert predictor._process is process


def test_a_base_model_that_is_gone_is_said(predictor: Predictor, trained: Run, base_model: Path) -> None:
    """The last test of this run: it takes its base model away."""
    predictor.close()  # which forgets the models that it holds
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

ECHO = (
    "for line in sys.stdin:\n"
    "    request = json.loads(line)\n"
    "    time.sleep(600 if request['rows'] == [{'text': 'slow'}] else 0)\n"
    "    said = [{'value': row['text'], 'details': {}} for row in request['rows']]\n"
    "    print(json.dumps({'id': request['id'], 'result': said}), flush=True)\n"
)


def standing_in(monkeypatch: pytest.MonkeyPatch, code: str) -> Predictor:
    monkeypatch.setattr(
        module, "engine_command", lambda name: [sys.executable, "-c", f"import json, os, sys, time\n{code}"]
    )
    return Predictor()


def test_a_process_that_never_answers_is_tried_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    counter = tmp_path / "starts"
    code = f"open({str(counter)!r}, 'a').write('x'); sys.stdin.readline()"
    with pytest.raises(StudioError, match="The model gave no answer"):
        standing_in(monkeypatch, code).predict(Run(tmp_path), rows("x"))
    assert counter.read_text() == "xx"


@pytest.mark.parametrize("breaks_after", [1, 2, 3])
def test_after_a_broken_exchange_no_row_comes_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, breaks_after: int
) -> None:
    """The first process dies after some chunks of three rows; the second one answers everything in chunks of two."""
    first = tmp_path / "first"
    code = (
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
    chunks = list(standing_in(monkeypatch, code).predict_file(Run(tmp_path), "many.csv"))
    assert [row.given["n"] for chunk in chunks for row in chunk.answered] == list(range(10))
    assert chunks[-1].done == chunks[-1].total == 10


def test_cancel_ends_the_question_and_the_next_one_is_answered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = standing_in(monkeypatch, ECHO)
    send = Predictor._send

    def send_and_cancel(process: subprocess.Popen[str], request: dict[str, Any]) -> None:
        send(process, request)
        threading.Thread(target=asked.cancel).start()

    with monkeypatch.context() as patch, pytest.raises(StudioError, match="It was cancelled"):
        patch.setattr(Predictor, "_send", staticmethod(send_and_cancel))
        asked.predict(Run(tmp_path), rows("slow"))
    assert asked.predict(Run(tmp_path), rows("ö"))[0].value == "ö"
    asked.close()


def test_many_askers_get_their_own_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = standing_in(monkeypatch, ECHO)
    got: dict[int, str] = {}

    def ask(number: int) -> None:
        got[number] = asked.predict(Run(tmp_path), rows(str(number)))[0].value

    askers = [threading.Thread(target=ask, args=[number]) for number in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert got == {number: str(number) for number in range(20)}
    asked.close()


def test_closing_ends_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = standing_in(monkeypatch, "sys.stdin.read()")
    asked.warm_up()
    process = asked._process
    assert process is not None and process.poll() is None
    asked.warm_up()
    assert asked._process is process
    asked.close()
    assert process.poll() is not None
