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
from studio.tasks.base import Batch, Task
from studio.tasks.loading import load_tuned

SETTINGS: dict[str, dict[str, Any]] = {**SMALL, "freeze": {"last_blocks": 1}}  # there is no new head


@pytest.fixture(scope="module")
def table() -> pandas.DataFrame:
    words = [word for some in tiny.WORDS.values() for word in some]
    asked, said = [f"the film was {word}" for word in words], [f"{word} film" for word in words]
    columns = {"source": asked, "target": said, "prompt": asked, "reply": said}
    return pandas.DataFrame(columns).assign(row=range(1, len(words) + 1), split="train")


@pytest.fixture(scope="module", params=["t5", "bart", "llama", "gpt2"])
def material(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Task, Path]:
    """A task, and a model for it."""
    words, folder = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]], tmp_path_factory.mktemp("writers")
    if request.param in ("t5", "bart"):
        return TASKS["translation"], tiny.write_writer(folder / request.param, words, request.param)
    return TASKS["chat"], tiny.write_language_model(folder / request.param, words, request.param)


def learned(found: Prepared, strategy: Strategy) -> Any:
    """A few steps of the strategy, from which on the model writes something else than before."""
    structure = structure_of_model(found.model, found.new_parameters)
    if why := strategy.why_not(structure) or strategy.why_not_task(found.task.model) or strategy.why_not_here():
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
        loss = found.task.loss(model, Batch(found.collate(items), items))
        loss.mean.backward()
        losses.append(float(loss.mean))
        optimizer.step()
    assert min(losses[1:]) < losses[0]
    return model.eval()


@pytest.mark.parametrize("name", [strategy.name for strategy in STRATEGIES])
def test_what_is_saved_writes_the_same(
    name: str, table: pandas.DataFrame, material: tuple[Task, Path], tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    strategy, (task, model) = STRATEGIES[name], material
    quiet = {} if task.name == "translation" else {"temperature": 0.0, "max_length": 32}
    found = prepare_table(task.name, table, model, longest_answer=6, **quiet)
    object.__setattr__(found, "model", learned(found, strategy))
    before = answers_of(found, 4)
    task.finish(found.model, found.tools)
    strategy.save(found.model, tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    bundle = load_tuned(task, tmp_path / "saved", found.tools.options, strategy, base=model)
    object.__setattr__(found, "model", bundle.model)
    assert answers_of(found, 4) == before
    assert bundle.model.config.generation["longest_answer"] == 6
