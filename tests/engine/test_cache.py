"""Frozen layers computed once: nothing but the time of a training changes by it."""

import errno
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from trained import (
    Finished,
    Workers,
    in_this_process,
    open_session,
    stages_computed_once,
    state_of,
)

from studio.engine import fingerprint
from studio.engine.activations import Layout, Recording
from studio.engine.frozen import find_boundaries, trace
from studio.engine.recording_plan import RecordingPlan
from studio.engine.replay import CannotRecord
from studio.files import read_json


@pytest.mark.parametrize("name", ["head", "freeze", "image"])
def test_training_comes_out_as_without(name: str, finished: Finished, workers: Workers) -> None:
    cached, plain = finished[name], finished.new(name, cache_activations=False)
    workers.work(plain)
    assert stages_computed_once(cached) == ["0"] and stages_computed_once(plain) == []
    one, two = state_of(cached), state_of(plain)
    assert [loss for _, loss in one.train] == pytest.approx([loss for _, loss in two.train], rel=1e-3, abs=1e-4)
    for with_cache, without in zip((*one.validation, one.test), (*two.validation, two.test), strict=True):
        assert with_cache is not None and without is not None
        assert with_cache.metrics == pytest.approx(without.metrics, rel=1e-3, abs=1e-4)
    first, second = (load_file(run.model / "model.safetensors") for run in (cached, plain))
    assert first.keys() == second.keys()
    for key in first.keys() - {key for key in first if key.endswith("attention.self.key.bias")}:
        # left out: a softmax does not change with a bias on its keys, so what moves that bias is rounding alone
        torch.testing.assert_close(first[key], second[key], rtol=1e-3, atol=2e-4, msg=key)


@pytest.mark.parametrize("name", ["head", "freeze", "image"])
def test_every_example_is_answered_as_by_the_whole_model(name: str, finished: Finished) -> None:
    session = open_session(finished.new(name))
    forward = session.loop.forward
    cache = forward.cache
    assert cache is not None and cache.splits == {"train", "validation"}
    forward.model.eval()
    for split in sorted(cache.splits):
        rows = list(range(len(forward.prepared.examples[split])))
        for start in range(0, len(rows), 7):
            with torch.no_grad():
                forward.cache = cache
                replayed = forward(split, rows[start : start + 7])
                forward.cache = None
                plain = forward(split, rows[start : start + 7])
            torch.testing.assert_close(replayed.outputs.logits, plain.outputs.logits, rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(replayed.mean, plain.mean, rtol=1e-4, atol=1e-5)
    cache.close()
    assert forward.cache is None


def test_where_the_trial_fails_it_is_not_used_and_a_note_says_so(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: RecordingPlan, *arguments: object) -> None:
        raise CannotRecord("A trial gave another answer than the whole model.")

    monkeypatch.setattr(RecordingPlan, "verify", refuse)
    run = finished.new("freeze", epochs=2)
    assert in_this_process(run, monkeypatch) == 0
    state = state_of(run)
    assert state.status == "completed"
    assert any("computed anew" in note.text and "another answer" in note.text for note in state.notes)


def test_a_cut_that_drops_something_is_found_by_the_trial(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded values that are wrong must not pass."""
    record = RecordingPlan.record

    def spoil(self: RecordingPlan, forward, into, split, rows, places) -> None:  # type: ignore[no-untyped-def]
        record(self, forward, into, split, rows, places)
        into.inputs[0]._values.mul_(1.5)

    monkeypatch.setattr(RecordingPlan, "record", spoil)
    run = finished.new("freeze")
    session = open_session(run)
    assert session.loop.forward.cache is None
    assert any("computed anew" in note.text for note in state_of(run).notes)


def test_varied_images_are_computed_anew(finished: Finished) -> None:
    session = open_session(finished.new("image", options={"augment": True}))
    cache = session.loop.forward.cache
    assert cache is not None and cache.splits == {"validation"}


def test_nothing_is_recorded_where_all_trains(finished: Finished) -> None:
    run = finished.new("full")
    session = open_session(run)
    assert session.loop.forward.cache is None
    assert not (run.folder / "cache").exists() and not state_of(run).notes


def test_the_boundary_lies_below_what_trains(finished: Finished) -> None:
    session = open_session(finished.new("freeze", cache_activations=False))
    forward = session.loop.forward
    paths = find_boundaries(trace(forward.model, lambda: forward("train", [0])))
    assert [path[-1].name for path in paths] == ["bert.encoder.layer.1"]


def test_frozen_layers_run_without_dropout_and_batch_statistics(finished: Finished) -> None:
    text = open_session(finished.new("freeze", cache_activations=False))
    text.loop.train_mode()
    layers = text.model.bert.encoder.layer
    assert not any(module.training for module in layers[0].modules())
    assert not text.model.bert.embeddings.dropout.training
    assert layers[1].training and text.model.dropout.training

    norms = [m for m in open_training("image", finished).modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms and not any(norm.training for norm in norms)


def open_training(name: str, finished: Finished) -> torch.nn.Module:
    session = open_session(finished.new(name, cache_activations=False))
    session.loop.train_mode()
    return session.model


def test_frozen_batch_statistics_stay_as_they_came(finished: Finished, image_model: Path) -> None:
    before, after = (
        load_file(image_model / "model.safetensors"),
        load_file(finished["image"].model / "model.safetensors"),
    )
    moved = [name for name, values in before.items() if not torch.equal(values, after[f"resnet.{name}"])]
    assert moved == [] and any("running_mean" in name for name in before)


def test_a_resumed_run_takes_recordings_of_its_own_format_alone(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished.new("freeze")
    open_session(run)
    marker = next((run.folder / "cache").rglob("COMPLETE"))
    signature = read_json(marker)
    monkeypatch.setattr(fingerprint, "FORMAT", 0)
    open_session(run)
    other = read_json(marker)
    assert other["rows"] == signature["rows"] and other["shelf"] != signature["shelf"]
    assert other["parts"] == signature["parts"], "the same rows, recorded anew"


@pytest.mark.parametrize("fallocate", [True, False])
def test_a_recording_takes_its_room_at_once_and_keeps_what_is_there(
    fallocate: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fallocate:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    layout, values = Layout((3, 4), None, torch.float32), torch.rand(1000, 3, 4)
    Recording(layout, [1] * 1000, tmp_path / "values").write(range(1000), values)
    assert torch.equal(Recording(layout, [1] * 1000, tmp_path / "values").read(range(1000), None), values)
    status = (tmp_path / "values").stat()
    assert status.st_size == 1000 * 12 * 4
    if sys.platform != "win32":
        assert status.st_blocks * 512 >= status.st_size  # no hole that a write could fail to fill


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system reserves no room")
def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        Recording(Layout((3,), None, torch.float32), [1], tmp_path / "values")
