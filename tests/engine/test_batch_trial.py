"""The batch size that fits: what is tried, what it decides, and that trying leaves nothing behind."""

import json
from collections.abc import Callable, Sequence

import psutil
import pytest
import torch
from torch import nn
from trained import Finished, open_session

from studio.config import RunConfig
from studio.engine import batch_trial, trials
from studio.engine.batch_trial import Trials, find_batch_size, on_gpu, on_processor
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.engine.trials import resolve_settings
from studio.errors import StudioError

CAPACITY, PER_EXAMPLE = 100, 10


def limited(size: int) -> int:
    if size * PER_EXAMPLE > CAPACITY:
        raise torch.OutOfMemoryError
    return size * PER_EXAMPLE


def test_a_gpu_is_filled_from_above() -> None:
    assert on_gpu(32, limited) == Trials(8, {32: None, 16: None, 8: 80})
    assert on_gpu(4, limited) == Trials(4, {4: 40})
    assert "32: does not fit" in on_gpu(32, limited).words

    def never(size: int) -> int:
        raise torch.OutOfMemoryError

    with pytest.raises(StudioError, match="does not fit into the memory"):
        on_gpu(4, never)


@pytest.mark.parametrize(
    ("free", "sizes"), [(10**6, [2, 8, 32]), (300, [2, 8, 16]), (200, [2, 8]), (80, [2, 4]), (40, [2]), (0, [2])]
)
def test_a_processor_never_tries_what_is_not_expected_to_fit(free: int, sizes: list[int]) -> None:
    trials = on_processor(32, lambda size: size * PER_EXAMPLE, lambda: free)
    assert list(trials.taken) == sizes and trials.size == sizes[-1]
    assert all(size == sizes[0] or 1.5 * PER_EXAMPLE * size <= 0.8 * free for size in sizes)


@pytest.mark.parametrize("wish", [1, 2, 8, 16])
def test_no_more_than_the_wish(wish: int) -> None:
    assert on_processor(wish, lambda size: 1, lambda: 10**9).size == wish


def test_what_the_optimizer_keeps_is_left_free(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Linear(4, 2)
    free = batch_trial.psutil.virtual_memory().available
    seen: list[int] = []

    def note(wish: int, attempt: Callable[[int], int], left: Callable[[], int]) -> Trials:
        seen.append(left())
        return Trials(wish, {wish: attempt(wish)})

    monkeypatch.setattr(batch_trial, "on_processor", note)
    find_batch_size(8, model, lambda rows: model(torch.ones(len(rows), 4)).sum(), [0], state=10**12)
    assert seen[0] < free - 10**11


def test_trying_leaves_no_trace(finished: Finished) -> None:
    session = open_session(finished.new("image", cache_activations=False))
    model = session.model
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    asked: list[int] = []

    def loss_of(rows: Sequence[int]) -> torch.Tensor:
        asked.append(len(rows))
        loss: torch.Tensor = session.loop.forward("train", rows).mean
        return loss

    assert find_batch_size(8, model, loss_of, [2, 1, 0], state=0).size == 8
    assert asked == [2, 8]
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_run_records_what_it_tried_and_a_resumed_one_keeps_it(finished: Finished) -> None:
    run = finished.new("full", batch_size="auto", cache_activations=False)
    session = open_session(run)
    resolved = json.loads((run.folder / "settled.json").read_text())
    assert resolved["batch_size"] == session.loop.plan.batch_size == 8
    assert list(resolved["batch_trials"]) == ["2", "8"]
    notes = [note.text for note in run.state().notes]
    assert any("8 examples per step" in note and "Tried: 2: " in note for note in notes)
    known = ResolvedSettings("cpu", 1, "fp32", batch_size=4)
    config = RunConfig.from_file(run.config_file)
    assert resolve_settings(config, session.model, session.prepared, known, Reporter(run)) == known


def test_what_was_tried_once_is_not_tried_again(finished: Finished, monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(**training: object) -> ResolvedSettings:
        run = finished.new("full", batch_size="auto", cache_activations=False, **training)
        open_session(run)
        resolved = ResolvedSettings.read(run.folder)
        assert resolved is not None
        return resolved

    def must_not() -> None:
        raise AssertionError("it was tried again")

    first = settle(weight_decay=0.05)
    with monkeypatch.context() as patch:
        patch.setattr(trials, "find_batch_size", lambda *arguments: must_not())
        assert settle(weight_decay=0.01).batch_trials == first.batch_trials, "a setting that takes no memory"
        with pytest.raises(AssertionError, match="again"):
            settle(gradient_checkpointing=True)
        free = psutil.virtual_memory()._replace(available=1024)
        patch.setattr(psutil, "virtual_memory", lambda: free)
        with pytest.raises(AssertionError, match="again"):
            settle()
