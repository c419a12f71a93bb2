"""Short runs on tiny models of every family, in this process: what the tests of strategies train, pause and compare."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import torch
from families import TEXT_FAMILIES, build, head_of
from prepared import prepared_of

from studio.config import RunConfig
from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.checkpoint import Checkpoints
from studio.engine.loop import Loop
from studio.engine.material import Material
from studio.engine.reporting import Reporter
from studio.engine.resolved_settings import ResolvedSettings
from studio.engine.session import Session
from studio.engine.session import build as build_session
from studio.engine.training import continue_from
from studio.paths import Home
from studio.store import Run, Store

STEPS, ROWS = 3, 2
SMALL: dict[str, dict[str, Any]] = {
    "adalora": {"r": 4, "target_r": 2},
    "vera": {"r": 8},
    "randlora": {"r": 4},
    "vblora": {"r": 2, "vectors": 6, "length": 4},
    "fourierft": {"frequencies": 20},
    "freeze": {"last_blocks": 0},
    "gradual": {"every": "steps", "amount": 1, "blocks_at_a_time": 200, "rewarm": 0},
    "lp-ft": {"probe": 0.3, "rewarm": 0},
}


def items(family: str) -> list[dict[str, Any]]:
    generator = torch.Generator().manual_seed(5)
    found = []
    for row in range(ROWS * STEPS):
        label = {"labels": torch.tensor(row % 3)}
        if family in TEXT_FAMILIES:
            ids = torch.randint(2, 50, (9,), generator=generator)
            ids[-1] = 1  # T5 looks at the end of the text
            found.append({"input_ids": ids, "attention_mask": torch.ones(9, dtype=torch.long), **label})
        else:
            found.append({"pixel_values": torch.randn(3, 32, 32, generator=generator), **label})
    return found


def collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return {key: torch.stack([row[key] for row in rows]) for key in rows[0]}


class NoProcessor:
    def save_pretrained(self, folder: Path) -> None: ...


def material(family: str) -> Material:
    model = build(family)
    task = task_for(family)
    prepared = prepared_of(task, model, {"train": items(family)}, collate, head_of(family), processor=NoProcessor())
    table = pandas.DataFrame({"row": range(ROWS * STEPS), "split": "train", "label": [*"abc"] * (ROWS * STEPS // 3)})
    return Material(table, prepared, "none", None)


def task_for(family: str) -> str:
    return "text-classification" if family in TEXT_FAMILIES else "image-classification"


def opened(run: Run) -> Session:
    torch.set_num_threads(1)
    config, reporter = RunConfig.from_file(run.config_file), Reporter(run)
    family = config.model.id
    return build_session(run, config, material(family), ResolvedSettings("cpu", 1), reporter)


def new_run(home: Home, strategy: str, family: str) -> Run:
    values = {
        "task": task_for(family),
        "model": {"id": family},
        "data": {"source": "none.csv"},
        "strategy": {"name": strategy, **SMALL.get(strategy, {})},
        "training": {
            "epochs": 1,
            "batch_size": ROWS,
            "learning_rate": 0.01,
            "precision": "fp32",
            "warmup": 0,
            "cache_activations": False,
        },
    }
    return Store(home).create(json.dumps(values), "a test")


class PauseAfter(Callback):
    name = "pause-after"

    def __init__(self, step: int) -> None:
        self._step = step

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        loop.pausing = loop.state.step == self._step


@dataclass(frozen=True)
class Straight:
    """A run without a pause. before: its weights as they began."""

    run: Run
    session: Session
    before: dict[str, torch.Tensor]

    @classmethod
    def of(cls, run: Run) -> "Straight":
        session = opened(run)
        before = tensors(session.model)
        return cls(run, train(run, session=session), before)


def train(run: Run, pause_after: int | None = None, session: Session | None = None) -> Session:
    session = session or opened(run)
    reporter = Reporter(run)
    continue_from(Checkpoints(run.checkpoints), session, run, reporter)
    session.place(reporter, compute_once=True)
    if pause_after:
        session.loop.callbacks = (PauseAfter(pause_after), *session.loop.callbacks)
    session.loop.run()
    return session


def tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def logits(model: Any, family: str) -> torch.Tensor:
    batch = {key: value for key, value in collate(items(family)).items() if key != "labels"}
    model.eval()
    with torch.no_grad():
        return model(**batch).logits
