"""Checkpoints outlive a change of the code: state by stable names, an order that is declared once."""

import importlib
import json
import pkgutil
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from trained import Finished, Workers, assert_same_training, in_this_process, pause_held, state_of

from studio.engine import callbacks as package
from studio.engine.callbacks.base import Callback
from studio.engine.callbacks.order import ORDER, in_order
from studio.engine.checkpoint import CHECKSUMS, Checkpoints
from studio.files import replace_text
from studio.store import Run

for found in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{package.__name__}.{found.name}")
CALLBACKS = [kind for kind in Callback.__subclasses__() if kind.__module__.startswith(package.__name__)]


@pytest.fixture(scope="module")
def paused(finished: Finished, workers: Workers) -> Run:
    run = finished.new("gradual", averaging="ema")
    pause_held(run, workers.start_and_hold(run, 41))
    assert state_of(run).status == "paused"
    return run


@pytest.fixture
def copy(paused: Run) -> Iterator[Run]:
    folder = shutil.copytree(paused.folder, paused.folder.with_name("20260101-000000-0000"))
    yield Run(folder)
    shutil.rmtree(folder)


@pytest.fixture
def renamed() -> Iterator[None]:
    """All callbacks' classes have other names."""
    names = {kind: kind.__name__ for kind in CALLBACKS}
    for kind in CALLBACKS:
        kind.__name__ = kind.__qualname__ = f"Former{kind.__name__}"
    yield
    for kind, name in names.items():
        kind.__name__ = kind.__qualname__ = name


def stored(run: Run) -> Path:
    return max(run.checkpoints.glob("step-*")) / "state.json"


def test_every_callback_has_a_name_and_a_place() -> None:
    assert sorted(kind.name for kind in CALLBACKS) == sorted(ORDER)


def test_callbacks_are_put_in_the_declared_order() -> None:
    made = [kind.__new__(kind) for kind in CALLBACKS]
    random.Random(1).shuffle(made)
    assert [callback.name for callback in in_order(made)] == list(ORDER)
    with pytest.raises(ValueError, match="same name"):
        in_order([*made, made[0]])


def test_a_class_may_be_renamed(
    copy: Run, finished: Finished, workers: Workers, renamed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit, after a pause between the stages of a course and with means of the weights."""
    undisturbed = finished.new("gradual", averaging="ema")
    assert workers.work(undisturbed).status == "completed"
    assert in_this_process(copy, monkeypatch) == 0
    assert_same_training(copy, undisturbed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: {**state, "version": 99}, "written by a newer version"),
        (lambda state: {**state, "callbacks": {}}, "cannot go on from its checkpoint"),
    ],
)
def test_what_cannot_be_restored_is_said_and_stays(change, words, copy: Run, workers: Workers) -> None:  # type: ignore[no-untyped-def]
    (stored(copy).parent / CHECKSUMS).unlink()  # as if an earlier version had saved it
    changed = json.dumps(change(json.loads(stored(copy).read_text(encoding="utf-8"))))
    replace_text(stored(copy), changed)
    state = workers.work(copy)
    assert state.status == "failed" and state.failure and words in state.failure.what and state.resumable
    assert stored(copy).read_text(encoding="utf-8") == changed


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:40])


def forget_checksums(run: Run) -> None:
    for file in (*run.checkpoints.glob("step-*/checksums.json"), *run.checkpoints.glob("best-*.json")):
        file.unlink()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("name", ["weights.safetensors", "optimizer.pt", "random.pt", "callbacks.pt", "state.json"])
def test_a_damaged_checkpoint_is_found_and_the_one_before_is_taken(copy: Run, name: str, old: bool) -> None:
    older, newest = sorted(copy.checkpoints.glob("step-*"))
    if old:
        forget_checksums(copy)
    assert Checkpoints(copy.checkpoints).newest_whole() == newest
    (cut if old else flip)(newest / name)
    assert Checkpoints(copy.checkpoints).newest_whole() == older
    assert not newest.exists()
    cut(older / name)
    assert Checkpoints(copy.checkpoints).newest_whole() is None


@pytest.mark.parametrize("old", [False, True])
def test_a_checkpoint_is_as_whole_as_the_best_weights_it_speaks_of(copy: Run, old: bool) -> None:
    if old:
        forget_checksums(copy)
    for best in copy.checkpoints.glob("best-*.safetensors"):
        (cut if old else flip)(best)
    assert Checkpoints(copy.checkpoints).newest_whole() is None


@pytest.mark.parametrize("count", [1, 2])
def test_a_run_goes_on_in_spite_of_damaged_checkpoints(
    copy: Run, finished: Finished, workers: Workers, count: int
) -> None:
    undisturbed = finished.new("gradual", averaging="ema")
    assert workers.work(undisturbed).status == "completed"
    steps = sorted(copy.checkpoints.glob("step-*"))
    for checkpoint in steps[-count:]:
        cut(checkpoint / "weights.safetensors")
    state = workers.work(copy)
    assert state.status == "completed"
    (note,) = [note.text for note in state.notes if "damaged on the disk" in note.text]
    assert (f"goes on from step {int(steps[0].name[5:])}" if count == 1 else "begins anew") in note
    assert_same_training(copy, undisturbed)
