"""Every training setting is behind its field: with another value, a whole run leaves other traces.

What exactly a setting does is the matter of other tests; here one fails as soon as nothing reads it any more. A new
setting needs a line in CASES.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import families
import pytest
import tiny
import torch
from trained import in_this_process, new_run

from studio.paths import Home
from studio.store import Run
from studio.training import TrainingOptions

USUAL = {
    **{"epochs": 2, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", "precision": "fp32"},
    **{"checkpoint_seconds": 86400, "cache_activations": False},
}
STANDSTILL = {"learning_rate": 1e-12, "weight_decay": 0.0, "epochs": 4}  # no check is better than the first one


@dataclass(frozen=True)
class Case:
    """`value` for the setting, laid with `beside` over USUAL, changes the trace called `seen`; without it, not."""

    value: Any
    seen: str = "weights"
    beside: tuple[tuple[str, Any], ...] = ()
    model: str = "text"
    strategy: str = "full"


def case(value: Any, seen: str = "weights", model: str = "text", strategy: str = "full", **beside: Any) -> Case:
    return Case(value, seen, tuple(beside.items()), model, strategy)


def elsewhere() -> str:
    """A device that this machine does not have."""
    return next(kind for kind in ("xpu", "mps", "cuda") if not getattr(torch, kind).is_available())


CASES = {
    "epochs": case(3, "steps"),
    "batch_size": case(4, "steps"),
    "accumulation": case(2, "calls"),
    "seed": case(8),
    "learning_rate": case(0.02),
    "find_learning_rate": case(True, "events"),
    "optimizer": case("sgd"),
    "momentum": case(0.5, optimizer="sgd"),
    "nesterov": case(True, optimizer="sgd"),
    "muon_momentum": case(0.5, optimizer="muon"),
    "beta1": case(0.5),
    "beta2": case(0.6),
    "epsilon": case(0.01),
    "schedule": case("cosine", "steps"),
    "warmup": case(0.5, "steps"),
    "cycles": case(2, "steps", schedule="cosine-restarts"),
    "power": case(3.0, "steps", schedule="polynomial"),
    "drops": case(1, "steps", schedule="step"),
    "drop": case(0.5, "steps", schedule="step"),
    "final": case(0.5, "steps", schedule="exponential"),
    "rise": case(0.5, "steps", schedule="one-cycle"),
    "decay": case(0.9, "steps", schedule="wsd"),
    "plateau_patience": case(0, "steps", schedule="reduce-on-plateau", **STANDSTILL),
    "plateau_factor": case(0.5, "steps", schedule="reduce-on-plateau", **STANDSTILL),
    "weight_decay": case(0.5),
    "l2_sp": case(1.0),
    "l1": case(0.1),
    "max_grad_norm": case(0.01),
    "gradient_noise": case(0.1),
    "dropout": case(0.5),
    "attention_dropout": case(0.5),
    "stochastic_depth": case(0.5, model="convnext"),
    "batch_norm": case("updated", model="image"),
    "loss": case("focal"),
    "focal_gamma": case(5.0, loss="focal"),
    "class_weights": case("balanced"),
    "label_smoothing": case(0.3),
    "r_drop": case(1.0),
    "mixup": case(0.4, model="image"),
    "cutmix": case(1.0, model="image"),
    "averaging": case("ema"),
    "ema_decay": case(0.05, averaging="ema"),
    "swa_start": case(0.0, averaging="swa"),
    "early_stopping": case(1, "steps", **STANDSTILL),
    "least_improvement": case(1000.0, "steps", early_stopping=1, epochs=4),
    "evaluations_per_epoch": case(2, "checks"),
    "checkpoint_seconds": case(0.0, "saved"),
    "cache_activations": case(True, "calls", strategy="freeze"),
    "device": case(elsewhere(), "status"),
    "precision": case("bf16"),
    "gradient_checkpointing": case(True, "calls"),
}


def traces_of(run: Run, calls: Counter[str]) -> dict[str, Any]:
    """What the run left, without times. calls: how often modules of each class ran."""
    events, state = run.read_from()[0], run.state()
    weights = run.model / "model.safetensors"
    return {
        "status": state.status,
        "events": {event.type for event in events},
        "steps": [(event.step, event.loss, event.learning_rate) for event in events if event.type == "step"],
        "checks": [(event.step, event.metrics) for event in events if event.type == "evaluated"],
        "saved": [event.step for event in events if event.type == "checkpoint"],
        "calls": calls,
        "weights": hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else None,
    }


Trace = Callable[[Case, dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def trace(text_model: Path, image_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """Trains under the given settings; what was trained once is not trained again."""
    folder = tmp_path_factory.mktemp("settings")
    home = Home(folder / "home")
    reviews = folder / "reviews.csv"
    rows = tiny.write_reviews(reviews, 64).read_text(encoding="utf-8").splitlines()
    some = [row for number, row in enumerate(rows) if number % 4]  # one class is rarer
    reviews.write_text("\n".join([rows[0], *some]), encoding="utf-8")
    images = tiny.write_images(folder / "images.zip", 40)
    convnext = folder / "convnext"
    families.build("convnext", with_head=False).save_pretrained(convnext)
    (convnext / "preprocessor_config.json").write_bytes((image_model / "preprocessor_config.json").read_bytes())
    bases = {
        "text": ("text-classification", text_model, reviews),
        "image": ("image-classification", image_model, images),
        "convnext": ("image-classification", convnext, images),
    }
    known: dict[str, dict[str, Any]] = {}

    def trained(case: Case, settings: dict[str, Any]) -> dict[str, Any]:
        key = repr((case.model, case.strategy, sorted(settings.items())))
        if key not in known:
            calls: Counter[str] = Counter()
            hook = torch.nn.modules.module.register_module_forward_pre_hook(
                lambda module, _: calls.update([type(module).__name__])
            )
            run = new_run(home, *bases[case.model], strategy={"name": case.strategy}, training=settings)
            with pytest.MonkeyPatch.context() as patch:
                in_this_process(run, patch)
            hook.remove()
            known[key] = traces_of(run, calls)
        return known[key]

    yield trained


def test_the_same_settings_leave_the_same_traces(trace: Trace) -> None:
    one, other = trace(case(0), {**USUAL}), trace(case(0), {**USUAL, "l1": 0.0})
    assert one == other and one["status"] == "completed" and len(one["steps"]) == 10


@pytest.mark.parametrize(
    "name", [name for name in TrainingOptions.model_fields if name != "processes"]
)  # test_ranks.py
def test_a_setting_has_an_effect(name: str, trace: Trace) -> None:
    assert name in CASES, "say in CASES what shows that this setting is read"
    its = CASES[name]
    usual = {**USUAL, **dict(its.beside)}
    without, with_it = trace(its, usual), trace(its, {**usual, name: its.value})
    assert without["status"] == "completed"
    assert with_it["status"] == ("failed" if its.seen == "status" else "completed")
    assert without[its.seen] != with_it[its.seen]
