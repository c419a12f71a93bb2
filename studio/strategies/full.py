"""Train every weight."""

from typing import TYPE_CHECKING, Any

from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.strategies.base import Preview
from studio.strategies.training import train_only

if TYPE_CHECKING:
    from torch import nn


class Full:
    name = "full"
    title = "Everything (full fine-tuning)"
    sentence = (
        "Every weight of the model learns from your data: the most accurate with enough examples, and the slowest."
    )
    default_learning_rate = 5e-5
    Options: type[BaseOptions] = BaseOptions

    def why_not(self, structure: Structure) -> str | None:
        return None

    def learning_rate(self, options: Any) -> float:
        return self.default_learning_rate

    def preview(self, structure: Structure, options: Any) -> Preview:
        return Preview(
            trainable=structure.total - structure.count(structure.fixed),
            total=structure.total,
            embeddings="trained",
            blocks=("trained",) * len(structure.blocks),
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        return train_only(model, set(structure.shapes) - set(structure.fixed))
