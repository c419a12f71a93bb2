"""The structure that a model will have for a task, told without loading it: what the Strategy page counts with."""

from pathlib import Path
from typing import Any

from studio.models.pooling import pooling_shapes, takes_mean_pooling
from studio.models.structure import Structure, structure_of
from studio.tasks.base import Task
from studio.tasks.heads import hidden_size, image_head, text_head, unused_in
from studio.tasks.loading import config_of


def structure_for(task: Task, model_folder: Path, classes: int, options: Any) -> Structure:
    """`options`: the task's own. Raises StudioError where the folder holds no usable model."""
    config = config_of(model_folder)
    heads = {"AutoModelForImageClassification": image_head}
    head = heads.get(task.model.auto_class, text_head)(config, classes)
    pooling, kind = getattr(options, "pooling", "standard"), str(config.get("model_type", ""))
    if takes_mean_pooling(pooling, kind, model_folder):
        hidden = hidden_size(config)
        head |= {"pooler.dense.weight": (hidden, hidden), "pooler.dense.bias": (hidden,)}
        head |= pooling_shapes(int(config["num_hidden_layers"]), hidden, int(config["intermediate_size"]))
    return structure_of(model_folder, head, unused_in(config))
