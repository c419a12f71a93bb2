"""What a run leaves behind: the rows it used, how its new weights began, the test split's answers, the model."""

import json
import shutil
from collections.abc import Collection, Mapping
from typing import Any

import pandas
import torch
from safetensors.torch import save_file
from torch import nn

from studio.engine.evaluation import Examined
from studio.files import give_usual_rights, replace_json, replace_with
from studio.store import Run, is_complete, mark_complete
from studio.strategies.base import Strategy
from studio.tasks.base import Scores, Task
from studio.tasks.former_results import SCORES


def save_examples(run: Run, table: pandas.DataFrame, dataset: str) -> None:
    """The rows used, and which imported data set (folder name in home.datasets) their images lie in."""
    replace_with(run.examples_file, lambda path: table.to_parquet(path, index=False))
    replace_json(run.dataset_file, {"dataset": dataset})


def save_initial_weights(run: Run, model: nn.Module, names: Collection[str]) -> None:
    """What does not begin as the pretrained model has it, by names in the plain model: for "before training"."""
    parameters = dict(model.named_parameters())
    tensors = {name: parameters[name].detach().cpu().contiguous() for name in sorted(names)}
    replace_with(run.initial_weights, lambda path: save_file(tensors, path))


def save_test_rows(run: Run, task: Task, table: pandas.DataFrame, examined: Examined) -> None:
    """One row for every test example: `row`, the task's columns as cells, `answer` (an `Answer` as JSON), and `marks`,
    the words by which a view finds its examples."""
    rows = table[table["split"] == "test"]
    cells = {column.name: rows[column.name].to_numpy() for column in task.columns if column.name in rows}
    answers = [json.dumps(answer.as_dict(), ensure_ascii=False) for answer in examined.answers]
    found = {"row": rows["row"].to_numpy(), **cells, "answer": answers, "marks": [list(m) for m in examined.marks]}
    replace_with(run.test_rows_file, lambda path: pandas.DataFrame(found).to_parquet(path, index=False))


def save_scores(run: Run, scores: Mapping[str, Scores]) -> None:
    """By split. Written as one dict each, see `Scores`."""
    replace_json(run.scores_file, SCORES.stamp({split: value.as_dict() for split, value in scores.items()}))


def save_model(run: Run, model: nn.Module, processor: Any, strategy: Strategy) -> None:
    """Into model/, in the standard format; COMPLETE comes last. A whole one from an earlier life stays."""
    if is_complete(run.model):
        return
    temporary = run.folder / ".model"
    for folder in (temporary, run.model):
        shutil.rmtree(folder, ignore_errors=True)
    model.to(memory_format=torch.contiguous_format)
    strategy.save(model, temporary)
    processor.save_pretrained(temporary)
    give_usual_rights(temporary)
    temporary.rename(run.model)
    mark_complete(run.model)
