"""What a run leaves behind: the rows it used, how its new weights began, the test part's answers, the model."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import numpy
import pandas
import torch
from safetensors.torch import save_file
from torch import nn

from studio.files import give_usual_rights, replace_json, replace_with
from studio.migrations import SCORES
from studio.store import Run, is_complete, mark_complete
from studio.strategies.adapters import bottleneck_layers
from studio.tasks.base import Predictions, Scores, Task


def save_examples(run: Run, table: pandas.DataFrame, dataset: str) -> None:
    """The rows used, and which imported data set (folder name in home.datasets) their pictures lie in."""
    replace_with(run.examples_file, lambda path: table.to_parquet(path, index=False))
    replace_json(run.dataset_file, {"dataset": dataset})


def save_initial_weights(run: Run, model: nn.Module, names: Collection[str]) -> None:
    """What does not begin as the pretrained model has it, by names in the plain model: for "before training"."""
    parameters = dict(model.named_parameters())
    tensors = {name: parameters[name].detach().cpu().contiguous() for name in sorted(names)}
    replace_with(run.initial_weights, lambda path: save_file(tensors, path))


def save_test_rows(run: Run, task: Task, table: pandas.DataFrame, predictions: Predictions) -> None:
    """One row for every test example: row, the task's inputs, label, predicted, and p_CLASS for each class."""
    rows = table[table["split"] == "test"]
    inputs = [column.name for column in task.columns if column.kind != "label"]
    labels = numpy.asarray(predictions.labels, dtype=object)
    probabilities = softmax(predictions.logits)
    answers: dict[str, Any] = {"row": rows["row"].to_numpy()}
    answers |= {name: rows[name].to_numpy() for name in inputs}
    answers |= {"label": labels[predictions.targets], "predicted": labels[probabilities.argmax(axis=1)]}
    answers |= {f"p_{label}": probabilities[:, index] for index, label in enumerate(predictions.labels)}
    replace_with(run.test_rows_file, lambda path: pandas.DataFrame(answers).to_parquet(path, index=False))


def save_scores(run: Run, scores: Mapping[str, Scores]) -> None:
    """By split. Written as one dict each, see `Scores`."""
    replace_json(run.scores_file, SCORES.stamp({split: asdict(value) for split, value in scores.items()}))


def save_model(run: Run, model: nn.Module, processor: Any) -> None:
    """Into model/, in the standard format; COMPLETE comes last. A whole one from an earlier life stays."""
    if is_complete(run.model):
        return
    temporary = run.folder / ".model"
    for folder in (temporary, run.model):
        shutil.rmtree(folder, ignore_errors=True)
    model.to(memory_format=torch.contiguous_format)
    if bottleneck_layers.inserted(model)[0]:
        whole = model.state_dict()
        plain = {name: whole[name] for name in whole if name not in bottleneck_layers.adapters_of(whole)}
        model.save_pretrained(temporary, state_dict=plain)  # type: ignore[operator]
        bottleneck_layers.save(model, temporary)
        shutil.copy2(bottleneck_layers.__file__, temporary)
    else:
        model.save_pretrained(temporary)  # type: ignore[operator]
    model.config.save_pretrained(temporary)  # type: ignore[operator,union-attr]  # an adapter does not bring the labels
    processor.save_pretrained(temporary)
    give_usual_rights(temporary)
    temporary.rename(run.model)
    mark_complete(run.model)


def softmax(logits: numpy.ndarray) -> numpy.ndarray:
    """(rows, classes) probabilities."""
    shifted = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
