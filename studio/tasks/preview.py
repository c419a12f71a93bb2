"""The structure that a model will have for a task, told without loading it: what the Strategy page counts with."""

from pathlib import Path
from typing import Any

from studio.models.structure import Structure, structure_of
from studio.tasks.base import Task
from studio.tasks.classification import config_of


def structure_for(task: Task, model_folder: Path, classes: int, options: Any) -> Structure:
    """`options`: the task's own. Raises StudioError where the folder holds no usable model."""
    config = config_of(model_folder)
    return structure_of(model_folder, task.new_head(config, classes, model_folder, options), task.unused(config))
