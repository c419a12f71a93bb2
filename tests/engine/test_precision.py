"""The number format: measured only where the processor computes bf16; fp32 anywhere else."""

import pytest
import torch
from trained import Finished, open_session

from studio.engine import precision
from studio.engine.precision import choose_device, choose_precision, time_training_steps
from studio.errors import StudioError

CPU = torch.device("cpu")


def never() -> dict[precision.Precision, float]:
    raise AssertionError("there is nothing to measure")


def test_fp32_without_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False, "amx_bf16": False})
    assert choose_precision("auto", CPU, never).precision == "fp32"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert choose_precision("auto", CPU, lambda: {"fp32": 1.0, "bf16": 1.0}).precision == "fp32"


@pytest.mark.parametrize(("bf16", "chosen"), [(0.5, "bf16"), (0.79, "bf16"), (0.84, "fp32"), (14.0, "fp32")])
def test_the_faster_one_where_it_is_worth_it(bf16: float, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "cpu_computes_bf16", lambda: True)
    choice = choose_precision("auto", CPU, lambda: {"fp32": 1.0, "bf16": bf16})
    assert choice.precision == chosen and chosen in choice.sentence


def test_a_wish_is_followed_or_refused() -> None:
    assert choose_precision("bf16", CPU, never).precision == "bf16"
    with pytest.raises(StudioError, match="NVIDIA"):
        choose_precision("fp16", CPU, never)
    assert choose_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(StudioError, match="no 'cuda' device here"):
            choose_device("cuda")


def test_a_load_that_comes_and_goes_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formats take turns, and a few steps that something else slowed do not count."""
    clock, steps = [0.0], [0]
    monkeypatch.setattr(precision.time, "perf_counter", lambda: clock[0])
    weight = torch.nn.Linear(1, 1)

    def forward() -> torch.Tensor:
        steps[0] += 1
        clock[0] += 0.5 if steps[0] <= 6 else 0.1  # as busy for three steps of each
        return weight(torch.ones(1)).sum()

    taken = time_training_steps(weight, forward, CPU)
    assert taken["fp32"] == pytest.approx(taken["bf16"]) == pytest.approx(0.1)


def test_measuring_leaves_no_trace(finished: Finished) -> None:
    session = open_session(finished.new("image", cache_activations=False))
    model = session.model
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    model.train()  # batch normalisation would move its statistics
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    taken = time_training_steps(model, lambda: session.loop.forward("train", [0, 1, 2]).mean, CPU)
    assert set(taken) == {"fp32", "bf16"} and all(seconds > 0 for seconds in taken.values())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
