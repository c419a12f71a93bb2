"""How a task's model is built: its parameters in groups, and what else is decided before any weight is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from studio.models.structure import Shape, Structure

LABELS = ("num_labels", "id2label", "label2id")  # values of a config that `with_labels` stands for


@dataclass(frozen=True)
class Architecture:
    """What `studio.models.meta_model` found out about the model that a task makes of a model folder.

    model_class: transformers' class. dtype: in which number format the folder stores the weights.
    labels: for how many classes the shapes are. growth: name -> what each of its dimensions gains with one class more.
    checkpoints_gradients: whether the model can compute its layers twice to save memory.
    config: the values of its config as transformers completes them, without the labels.
    """

    structure: Structure
    model_class: str
    dtype: str
    labels: int
    growth: Mapping[str, Shape]
    checkpoints_gradients: bool
    config: Mapping[str, Any]

    def with_labels(self, count: int) -> "Architecture":
        """The same for so many classes."""
        more = count - self.labels
        shapes = dict(self.structure.shapes)
        for name, growth in self.growth.items():
            shapes[name] = tuple(size + more * step for size, step in zip(shapes[name], growth, strict=True))
        return replace(self, structure=replace(self.structure, shapes=shapes), labels=count)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, from which `from_dict` makes the same again."""
        return {
            "structure": vars(self.structure),
            **{name: value for name, value in vars(self).items() if name != "structure"},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Architecture":
        groups = dict(values["structure"])
        structure = Structure(
            shapes={name: tuple(shape) for name, shape in groups.pop("shapes").items()},
            blocks=tuple(tuple(block) for block in groups.pop("blocks")),
            tied=groups.pop("tied"),
            **{group: tuple(names) for group, names in groups.items()},
        )
        growth = {name: tuple(steps) for name, steps in values["growth"].items()}
        return cls(**{**values, "structure": structure, "growth": growth})
