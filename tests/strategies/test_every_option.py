"""Every setting of every strategy is behind its field: with another value, it makes something else of a model.

What it makes is the matter of other tests; here one fails as soon as nothing reads the setting any more. A new setting
needs a value in CHANGED.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from families import build, live_structure, structure_of
from family_runs import collate, items
from transformers import AutoModelForSequenceClassification

from studio.strategies import STRATEGIES
from studio.strategies.adapters.quantised import Qlora

# Another value than the usual one; where it depends on the strategy, under its name. With a second dictionary: what has
# to be set beside it.
CHANGED: dict[str, Any] = {
    **{"last_blocks": 2, "embeddings": True, "norms": True, "also": "query"},
    **{"until": 0.6, "blocks_at_a_time": 2, "most_blocks": 1, "decay": 0.5, "rewarm": 3, "rollback": True},
    "every": "steps",
    "gradual.amount": (7, {"every": "steps"}),
    "head": "solve",
    **{"probe": 0.5, "probe_rate": 3.0},
    **{"target_modules": "query", "r": 2, "target_r": 3, "alpha": 4, "dropout": 0.5, "b_rate": 4.0, "rslora": True},
    **{"dora": True, "pissa": True, "bits": "8-bit", "strength": 7.0, "group_size": 8, "frequencies": 20},
    "lokr.r": 1,
    **{"oft.block_size": 4, "boft.block_size": 4, "c3a.block_size": 4},
    **{"vectors": 6, "length": 4},
    **{
        "width": 4,
        "place": "houlsby",
        "tokens": 5,
        "text": "good or bad",
        "hidden": 16,
        "initialisation": "orthogonal",
    },
}
OPTIONS = [(strategy.name, name) for strategy in STRATEGIES for name in strategy.Options.model_fields]


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """bitsandbytes also computes on a processor: what it does can be tested there."""
    modules = pytest.importorskip("bitsandbytes.nn.modules", reason="bitsandbytes needs: uv sync --extra gpu")
    monkeypatch.setattr(modules, "has_avx512bf16", lambda: False)
    monkeypatch.setattr(Qlora, "why_not_here", lambda self: "")


@cache
def made(name: str, settings: tuple[tuple[str, Any], ...], folder: Path | None) -> list[Any]:
    """What a strategy makes of a BERT: what trains, how fast and when, what it is worth, and the first gradients.

    folder: of the model, where its tokenizer is needed.
    """
    strategy = STRATEGIES[name]
    options = strategy.Options(**dict(settings))
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(folder) if folder else build("bert")
    structure = live_structure(model) if folder else structure_of("bert")
    applied = strategy.apply(model, structure, options).to("cpu").train()
    torch.manual_seed(0)
    batch = collate(items("bert"))
    if folder:
        batch = {**batch, "labels": batch["labels"] % 2, "input_ids": batch["input_ids"] % 17}
    applied(**batch).loss.backward()
    parameters = [
        (key, tuple(each.shape), each.requires_grad, total(each), total(each.grad))
        for key, each in applied.named_parameters()
    ]
    rates = sorted(strategy.rates(applied, structure, options).items())
    allocator = getattr(getattr(applied, "base_model", None), "rankallocator", None)
    ranks_left = allocator.target_bgt if allocator else None  # how many AdaLoRA keeps in the end
    return [parameters, rates, strategy.unfreezing_plan(structure, options), ranks_left]


def total(tensor: torch.Tensor | None) -> float | None:
    return None if tensor is None else float(tensor.detach().double().abs().sum())


@pytest.mark.parametrize(("strategy", "name"), OPTIONS)
def test_a_setting_has_an_effect(strategy: str, name: str, anywhere: None, text_model: Path) -> None:
    value = CHANGED.get(f"{strategy}.{name}", CHANGED.get(name))
    assert value is not None, "say in CHANGED another value than the usual one"
    value, beside = value if isinstance(value, tuple) else (value, {})
    assert value != STRATEGIES[strategy].Options.model_fields[name].default
    folder = text_model if name == "text" else None
    usual = tuple(beside.items())
    assert made(strategy, usual, folder) != made(strategy, (*usual, (name, value)), folder)


@pytest.mark.parametrize("strategy", sorted({strategy for strategy, _ in OPTIONS}))
def test_the_same_settings_make_the_same(strategy: str, anywhere: None) -> None:
    """Else the test above would say nothing."""
    assert made(strategy, (), None) == made.__wrapped__(strategy, (), None)
