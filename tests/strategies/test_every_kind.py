"""Every strategy that is offered for models that write, search or listen: what it saves answers the same in another
place."""

import json
import random
from dataclasses import dataclass
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
from studio.tasks.base import Answer, Batch, Task
from studio.tasks.loading import load_tuned

SETTINGS: dict[str, dict[str, Any]] = {**SMALL, "freeze": {"last_blocks": 1}}  # there is no new head


@dataclass(frozen=True)
class Material:
    """files: where those lie that the table names."""

    task: Task
    model: Path
    table: pandas.DataFrame
    files: Path | None
    options: dict[str, Any]

    @property
    def rate(self) -> float:
        return 0.03 if self.task.answer_kind == "text" else 0.001 if self.files else 0.005


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("sounds"), random.Random(0)
    for place in range(12):
        (folder / f"{place}.wav").write_bytes(tiny.sound(("low", "high")[place % 2], rng))
    return folder


QUIET = {"temperature": 0.0, "max_length": 32, "longest_answer": 6}
HEARD = {"seconds": 1}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "t5": ("translation", {"longest_answer": 6}),
    "bart": ("translation", {"longest_answer": 6}),
    "llama": ("chat", QUIET),
    "gpt2": ("chat", QUIET),
    "preferring": ("preference", {**QUIET, "method": "orpo"}),
    "bert": ("search", {"max_length": 16}),
    "recommending": ("recommendation", {"max_length": 16}),
    "choosing": ("multiple-choice", {"max_length": 16}),
    "whisper": ("speech-recognition", {**HEARD, "longest_answer": 6}),
    "letters": ("speech-recognition", HEARD),
    "whisper-encoder": ("audio-classification", HEARD),
    "hubert": ("audio-classification", HEARD),
}


@pytest.fixture(scope="module", params=CASES)
def material(request: Any, sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A task, a model for it, and what it learns."""
    kind = request.param
    task, options = CASES[kind]
    folder = tmp_path_factory.mktemp("models") / kind
    words = [*tiny.FILLER, *tiny.WORDS["good"], *tiny.WORDS["bad"]]
    if task == "translation":
        model = tiny.write_writer(folder, words, kind)
    elif task in ("search", "recommendation", "multiple-choice"):
        model = tiny.write_text_model(folder, words)
    elif task == "speech-recognition":
        model = (tiny.write_letters_model if kind == "letters" else tiny.write_speech_model)(folder)
    elif task == "audio-classification":
        model = tiny.write_sound_model(folder, kind.removesuffix("-encoder"))
    else:
        model = tiny.write_language_model(folder, words, "gpt2" if kind == "gpt2" else "llama")
    chosen = TASKS[task]
    table = pandas.DataFrame({column.name: cells_of(column.name) for column in chosen.columns})
    table = table.assign(row=range(1, len(table) + 1), split="train")
    return Material(chosen, model, table, sounds if "audio" in table else None, options)


def cells_of(column: str) -> list[str]:
    """Twelve."""
    words = [word for some in tiny.WORDS.values() for word in some]
    if column == "audio":
        return [f"{place}.wav" for place in range(12)]
    if column == "label":
        return ["A", "B"] * 6
    if column in ("a", "b", "c", "d"):
        return [f"{words[(place + ord(column)) % 12]} film" for place in range(12)]
    if column == "liked":
        return [json.dumps([f"{words[place - 1]} film", f"{words[place - 5]} film"]) for place in range(12)]
    if column in ("source", "prompt", "query"):
        return [f"the film was {word}" for word in words]
    return [f"{word} {'story' if column in ('rejected', 'negative') else 'film'}" for word in words]


def learned(found: Prepared, strategy: Strategy, rate: float) -> Any:
    """A few steps of the strategy, from which on the model writes something else than before."""
    structure = structure_of_model(found.model, found.new_parameters)
    if why := strategy.why_not(structure) or strategy.why_not_task(found.task.model) or strategy.why_not_here():
        pytest.skip(why)
    model = strategy.apply(found.model, structure, strategy.Options.read(SETTINGS.get(strategy.name, {})))
    if strategy.unfreezing_plan(structure, strategy.Options()):  # lets the first layers learn as training begins
        model.requires_grad_(True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, rate)
    items = found.examples["train"].opened(list(range(8)))
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
def test_what_is_saved_answers_the_same(name: str, material: Material, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    strategy, task = STRATEGIES[name], material.task
    found = prepare_table(task.name, material.table, material.model, material.files, **material.options)
    object.__setattr__(found, "model", learned(found, strategy, material.rate))
    before = concluded(found)
    task.finish(found.model, found.tools)
    strategy.save(found.model, tmp_path / "saved")
    found.tools.processor.save_pretrained(tmp_path / "saved")
    bundle = load_tuned(task, tmp_path / "saved", found.tools.options, strategy, base=material.model)
    object.__setattr__(found, "model", bundle.model)
    assert concluded(found) == before


def concluded(found: Prepared) -> list[Answer]:
    answers = answers_of(found, 4)
    return found.task.conclude(answers, answers)
