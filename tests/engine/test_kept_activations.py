"""What one run has recorded, another takes; what is new to it alone is recorded."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from prepared import prepared_of
from trained import (
    Finished,
    Workers,
    assert_same_training,
    in_this_process,
    open_session,
    pause_held,
    stages_computed_once,
    state_of,
    wait_for_end,
)

from studio.activation_store import ActivationStore, Part
from studio.engine import cache as caching
from studio.engine.cache import ActivationCache, build_cache
from studio.engine.fingerprint import Fingerprints
from studio.engine.forward import Forward
from studio.engine.frozen import find_boundaries, trace
from studio.engine.replay import CannotRecord
from studio.engine.slots import CONCURRENT_VARIABLE
from studio.engine.worker import FAILED
from studio.models.heads import head_names
from studio.paths import Home
from studio.store import Run
from studio.tasks.texts import PadTexts

Items = list[dict[str, Any]]


def texts(rows: int, first: int = 0) -> Items:
    """All of them different, and of several lengths."""
    return [
        {"input_ids": [2, 5 + row % 30, 5 + row // 30, *range(5, 5 + row % 7), 3], "labels": row % 2}
        for row in range(first, first + rows)
    ]


def bert(seed: int = 0, **settings: Any) -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
    return BertForSequenceClassification(BertConfig(**{"vocab_size": 40, **shape, **settings}))


class Shelves:
    """A store, and runs that use it one after the other. recorded: how many rows the last one had to record."""

    def __init__(self, folder: Path) -> None:
        self.home, self.recorded, self._folder, self._runs = Home(folder / "home"), 0, folder, 0
        self.store = ActivationStore(self.home)

    def forward(self, train: Items, model: Any = None, last_blocks: int = 0) -> Forward:
        model = model or bert()
        for name, parameter in model.named_parameters():
            blocks = tuple(f"encoder.layer.{2 - number}." for number in range(last_blocks))
            parameter.requires_grad_(name in head_names(model) or any(block in name for block in blocks))
        splits = {"train": train, "validation": texts(7, 500)}
        collate = PadTexts(pad_token_id=1, side="right")
        prepared = prepared_of("text-classification", model, splits, collate, head_names(model))
        return Forward(model, prepared, torch.device("cpu"))

    def run(self, forward: Forward, folder: str = "", precision: str = "fp32") -> ActivationCache:
        self._runs += 1
        self.recorded = 0

        def progress(done: int, total: int) -> None:
            self.recorded = total

        boundaries = find_boundaries(trace(forward.model, lambda: forward("train", [0])))
        own = self._folder / (folder or f"run-{self._runs}")
        forward.cache = build_cache(forward, boundaries, own, 4, precision, self.store, progress)
        return forward.cache


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return Shelves(tmp_path)


def logits(forward: Forward, split: str = "train") -> torch.Tensor:
    with torch.no_grad():
        return forward(split, list(range(len(forward.prepared.examples[split])))).outputs.logits


def plain_logits(forward: Forward, split: str = "train") -> torch.Tensor:
    kept, forward.cache = forward.cache, None
    try:
        return logits(forward, split)
    finally:
        forward.cache = kept


@pytest.mark.parametrize("last_blocks", [0, 1])
def test_a_second_run_records_nothing(last_blocks: int, shelves: Shelves) -> None:
    first = shelves.forward(texts(30), last_blocks=last_blocks)
    shelves.run(first)
    assert shelves.recorded == 37
    second = shelves.forward(texts(30), last_blocks=last_blocks)
    shelves.run(second)
    assert shelves.recorded == 0
    for split in ("train", "validation"):
        assert torch.equal(logits(first, split), logits(second, split))
        torch.testing.assert_close(logits(second, split), plain_logits(second, split), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("last_blocks", [0, 1])
def test_only_new_rows_and_changed_labels_are_recorded(last_blocks: int, shelves: Shelves) -> None:
    shelves.run(shelves.forward(texts(30), last_blocks=last_blocks))
    more = texts(40)[::-1]
    more[5] = {**more[5], "labels": 1 - more[5]["labels"]}
    more[35] = {**more[35], "labels": 1 - more[35]["labels"]}
    forward = shelves.forward(more, last_blocks=last_blocks)
    shelves.run(forward)
    assert shelves.recorded == 10 + 1, "one of the changed labels is a new row's"
    torch.testing.assert_close(logits(forward), plain_logits(forward), rtol=1e-4, atol=1e-5)
    with torch.no_grad(), forward.running("train", list(range(40))) as batch:
        assert batch.tensors["labels"].tolist() == [item["labels"] for item in more]
    shelves.run(shelves.forward(texts(5, 12), last_blocks=last_blocks))
    assert shelves.recorded == 0, "fewer rows need nothing new"


def test_rows_that_are_alike_are_recorded_once(shelves: Shelves) -> None:
    forward = shelves.forward([*texts(8), *texts(8), *texts(4, 500)])
    shelves.run(forward)
    assert shelves.recorded == 8 + 7
    torch.testing.assert_close(logits(forward), plain_logits(forward), rtol=1e-4, atol=1e-5)


def other_weight(model: Any) -> None:
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[7, 3] += 1e-6


@pytest.mark.parametrize(
    ("change", "recorded"),
    [
        (lambda: bert(), 0),
        (lambda: bert(num_labels=5), 0),
        (lambda: bert(hidden_dropout_prob=0.3), 0),
        (lambda: bert(seed=1), 37),
        (lambda: bert(hidden_act="relu"), 37),
        (lambda: bert(layer_norm_eps=1e-3), 37),
    ],
    ids=["the same", "other classes", "other dropout", "other weights", "other activation", "other norms"],
)
def test_what_the_frozen_layers_say_decides(change: Callable[[], Any], recorded: int, shelves: Shelves) -> None:
    base = bert()
    shelves.run(shelves.forward(texts(30), base))
    model = change()
    if recorded == 0:
        model.bert.load_state_dict(base.bert.state_dict())
    shelves.run(shelves.forward(texts(30), model))
    assert shelves.recorded == recorded


def test_a_single_other_weight_or_number_format_is_another_shelf(shelves: Shelves) -> None:
    shelves.run(shelves.forward(texts(30)))
    model = bert()
    other_weight(model)
    shelves.run(shelves.forward(texts(30), model))
    assert shelves.recorded == 37
    shelves.run(shelves.forward(texts(30)), precision="bf16")
    assert shelves.recorded == 37


def test_what_trains_may_differ(shelves: Shelves) -> None:
    shelves.run(shelves.forward(texts(30), last_blocks=1))
    model = bert()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "encoder.layer.2." in name or name in head_names(model):
                parameter.mul_(1.5)
    forward = shelves.forward(texts(30), model, last_blocks=1)
    shelves.run(forward)
    assert shelves.recorded == 0
    torch.testing.assert_close(logits(forward), plain_logits(forward), rtol=1e-4, atol=1e-5)
    shelves.run(shelves.forward(texts(30), last_blocks=2))
    assert shelves.recorded == 37, "another place to cut"


def test_values_that_are_no_longer_true_are_recorded_anew(shelves: Shelves, caplog: pytest.LogCaptureFixture) -> None:
    shelves.run(shelves.forward(texts(30)))
    [shelf] = shelves.home.activations.iterdir()
    [part] = ActivationStore(shelves.home).parts(shelf.name)
    values = part.folder / "input-0.bin"
    values.write_bytes(bytes(values.stat().st_size))  # as a disk might that lost power
    forward = shelves.forward(texts(30))
    shelves.run(forward)
    assert shelves.recorded == 37 and "recorded anew" in caplog.text
    torch.testing.assert_close(logits(forward), plain_logits(forward), rtol=1e-4, atol=1e-5)


def test_removing_takes_nothing_from_a_run(shelves: Shelves) -> None:
    first = shelves.forward(texts(30))
    shelves.run(first, "first")
    said = logits(first)
    second = shelves.forward(texts(30))
    shelves.run(second, "second")
    shutil.rmtree(shelves.home.activations)
    assert torch.equal(logits(second), said)
    resumed = shelves.forward(texts(30))
    shelves.run(resumed, "second")
    assert shelves.recorded == 0 and torch.equal(logits(resumed), said)


def test_a_resumed_run_uses_what_it_used_before(shelves: Shelves) -> None:
    """Also where another order of recording would round differently: its own links count, not what the store has."""
    shelves.run(shelves.forward(texts(10)))
    forward = shelves.forward(texts(30))
    shelves.run(forward, "run")
    said = logits(forward)
    shutil.rmtree(shelves.home.activations)
    shelves.run(shelves.forward(texts(30)))
    resumed = shelves.forward(texts(30))
    shelves.run(resumed, "run")
    assert shelves.recorded == 0 and torch.equal(logits(resumed), said)
    other_data = shelves.forward(texts(31))
    shelves.run(other_data, "run")
    assert shelves.recorded == 1


def test_where_the_disk_has_no_room_older_recordings_go_first(
    shelves: Shelves, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelves.run(shelves.forward(texts(30)))

    def free(path: Path) -> int:
        return 0 if any(shelves.home.activations.glob("*/*")) else 10**9

    monkeypatch.setattr(caching, "free_disk_bytes", free)
    shelves.run(shelves.forward(texts(30), bert(seed=1)))
    assert shelves.recorded == 37 and len(list(shelves.home.activations.glob("*/*"))) == 1
    monkeypatch.setattr(caching, "free_disk_bytes", lambda path: 0)
    with pytest.raises(CannotRecord, match="free disk"):
        shelves.run(shelves.forward(texts(30), bert(seed=2)), "no-room")
    assert not (tmp_path / "no-room").exists() and not list(shelves.home.activations.glob("*/*"))


def test_an_image_counts_by_what_it_shows(finished: Finished, tmp_path: Path) -> None:
    prepared = open_session(finished.new("image", cache_activations=False)).prepared
    forward = Forward(prepared.model, prepared, torch.device("cpu"))
    before = Fingerprints(forward, "fp32").of_rows("train")
    file = Path(prepared.examples["train"].plain([0])[0]["image"])
    content = file.read_bytes()
    try:
        file.write_bytes(content + b"\0")
        after = Fingerprints(forward, "fp32").of_rows("train")
    finally:
        file.write_bytes(content)
    assert [one == two for one, two in zip(before, after, strict=True)] == [False] + [True] * (len(before) - 1)
    assert Fingerprints(forward, "fp32").of_rows("train") == before and len(set(before)) == len(before)


def caching_said(run: Run) -> list[int]:
    """How many rows it had to record, each time that it said so."""
    return [event.total for event in run.read_from()[0] if event.type == "phase" and event.name == "caching"]


@pytest.mark.parametrize("name", ["head", "image", "gradual"])
def test_a_run_like_one_before_records_nothing_and_learns_the_same(
    name: str, finished: Finished, workers: Workers
) -> None:
    """Also one that is paused, and finds nothing kept when it goes on."""
    first, second, third = (finished.new(name) for _unused in range(3))
    workers.work(first)
    workers.work(second)
    assert stages_computed_once(second) and caching_said(second) == []
    assert_same_training(first, second)
    pause_held(third, workers.start_and_hold(third, 9))
    shutil.rmtree(finished.home.activations)
    assert workers.work(third).status == "completed", third.worker_log.read_text(encoding="utf-8")
    assert_same_training(first, third)


def test_two_workers_at_once_and_a_third_after_them(finished: Finished, workers: Workers) -> None:
    shutil.rmtree(finished.home.activations, ignore_errors=True)
    runs = [finished.new("head", epochs=2) for _unused in range(2)]
    started = [workers.start(run, **{CONCURRENT_VARIABLE: "2"}) for run in runs]
    for run, worker in zip(runs, started, strict=True):
        wait_for_end(worker)
        assert state_of(run).status == "completed", run.worker_log.read_text(encoding="utf-8")
    assert_same_training(*runs)
    third = finished.new("head", epochs=2)
    workers.work(third)
    assert caching_said(third) == []
    parts = [Part.read(folder) for folder in finished.home.activations.glob("*/*")]
    kept = {key for part in parts if part for key in part.keys}
    assert len(kept) > max(caching_said(runs[0]) + caching_said(runs[1])), "the rows of the test split too"
    assert_same_training(runs[0], third)


def test_a_full_disk_ends_the_run_and_gives_back_what_is_kept(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    shutil.rmtree(finished.home.activations, ignore_errors=True)
    kept = finished.home.activations / "another shelf" / "part"
    kept.mkdir(parents=True)
    run = finished.new("head", seed=99)
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    assert in_this_process(run, monkeypatch) == FAILED
    state = state_of(run)
    assert state.failure is not None and state.failure.what == "The disk is full." and state.resumable
    assert not kept.exists() and not list(run.folder.glob("cache*"))
