"""Every strategy that is offered for models that write: what it saves writes the same in another place."""

from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
import torch
from family_runs import SMALL
from overfitting import answers_of
from prepared import prepare_table

from studio.engine.preparation import Prepared
from studio.models.heads import structure_of_model
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.tasks import TASKS
from studio.tasks.base import Batch
from studio.tasks.loading import load_tuned

TASK = TASKS["translation"]
SETTINGS: dict[str, dict[str, Any]] = {**SMALL, "freeze": {"last_blocks": 1}}  # there is no new head


@pytest.fixture(scope="module")
def table() -> pandas.DataFrame:
    rows = [
        {"source": f"the film was {word}", "target": f"{word} film"} for words in tiny.WORDS.values() for word in words
    ]
    return pandas.DataFrame(rows).assign(row=range(1, len(rows) + 1), split="train")


@pytest.fixture(scope="module", params=["t5", "bart"])
def model(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]
    return tiny.write_writer(tmp_path_factory.mktemp("writers") / request.param, words, request.param)


def learned(found: Prepared, strategy: Strategy) -> Any:
    """A few steps of the strategy, from which on the model writes something else than before."""
    structure = structure_of_model(found.model, found.new_parameters)
    if why := strategy.why_not(structure) or strategy.why_not_task(TASK.model) or strategy.why_not_here():
        pytest.skip(why)
    model = strategy.apply(found.model, structure, strategy.Options.read(SETTINGS.get(strategy.name, {})))
    if strategy.unfreezing_plan(structure, strategy.Options()):  # lets the first layers learn as training begins
        model.requires_grad_(True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, 0.03)
    items = found.examples["train"].plain(list(range(8)))
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = TASK.loss(model, Batch(found.collate(items), items))
        loss.mean.backward()
        losses.append(float(loss.mean))
        optimizer.step()
    assert min(losses[1:]) < losses[0]
    return model.eval()


@pytest.mark.parametrize("name", [strategy.name for strategy in STRATEGIES])
def test_what_is_saved_writes_the_same(name: str, table: pandas.DataFrame, model: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    strategy = STRATEGIES[name]
    found = prepare_table(TASK.name, table, model, longest_answer=6)
    object.__setattr__(found, "model", learned(found, strategy))
    before = answers_of(found, 4)
    TASK.finish(found.model, found.tools)
    strategy.save(found.model, tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    bundle = load_tuned(TASK, tmp_path / "saved", found.tools.options, strategy, base=model)
    object.__setattr__(found, "model", bundle.model)
    assert answers_of(found, 4) == before
    assert bundle.model.config.generation["longest_answer"] == 6
