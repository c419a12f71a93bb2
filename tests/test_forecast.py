"""The forecast of a run: it counts what loading does."""

from pathlib import Path

import pytest
import torch
from families import build, live_structure

from studio.config import RunConfig
from studio.forecast import forecast
from studio.hardware import GIGABYTE, Machine
from studio.paths import Home
from studio.strategies.adapters.low_rank import Lora
from studio.strategies.base import Loading
from studio.tasks.loading import _load as load

MACHINE = Machine(cores=2, memory_bytes=16 * GIGABYTE, gpus=())
ROWS = {"train": 8, "validation": 2, "test": 2}


@pytest.mark.parametrize(("dtype", "number_bytes"), [("float32", 4), ("bfloat16", 2)])
def test_it_counts_the_number_format_of_loading(
    dtype: str, number_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one in which the folder stores the weights."""
    plain = build("bert")
    plain.half().save_pretrained(tmp_path / "model")
    structure = live_structure(plain)
    config = RunConfig.read(
        {
            "task": "text-classification",
            "model": {"id": str(tmp_path / "model")},
            "data": {"source": "none.csv"},
            "strategy": {"name": "lora"},
        }
    )
    monkeypatch.setattr(Lora, "loading", lambda self, options: Loading(dtype))
    told = forecast(config, structure, plain.config.to_dict(), ROWS, 9.0, MACHINE, Home(tmp_path)).memory_bytes
    monkeypatch.setattr(Lora, "loading", lambda self, options: Loading("float64"))
    largest = forecast(config, structure, plain.config.to_dict(), ROWS, 9.0, MACHINE, Home(tmp_path)).memory_bytes
    preview = config.chosen_strategy.preview(structure, config.strategy_options)
    frozen = structure.total - preview.trainable
    assert largest - told == pytest.approx(frozen * (8 - number_bytes), abs=1)

    monkeypatch.setattr(Lora, "loading", lambda self, options: Loading(dtype))
    loading = config.chosen_strategy.loading(config.strategy_options)
    model, _ = load(config.chosen_task.model, tmp_path / "model", plain.config, False, loading)
    assert {parameter.dtype for parameter in model.parameters()} == {getattr(torch, dtype)}
