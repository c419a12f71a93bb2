"""Strategies that choose among the model's own parameters: the shared preview and application of a choice."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal

from studio.language import _
from studio.models.structure import Structure
from studio.strategies.base import Preview, Strategy

if TYPE_CHECKING:
    from torch import nn

HeadLearns = Literal["gradient-descent", "solve"]
NOT_SOLVABLE = _("Its head is not one linear layer for classes, so it cannot be solved directly.")
NO_HEAD = _("For this task nothing new is put on top of the model, so there is no new head to train.")


class Selection(Strategy):
    """A subclass says which parameters train (`trained`), and how fast each layer learns (`layer_rates`)."""

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        """The names of all that trains at some time or other."""
        raise NotImplementedError

    def layer_rates(self, structure: Structure, options: Any) -> Sequence[float]:
        """Factors of the learning rate for `layers_of(structure)`; empty means 1 for all."""
        return ()

    def preview(self, structure: Structure, options: Any) -> Preview:
        names = self.trained(structure, options)
        unfreezing_plan = self.unfreezing_plan(structure, options)
        stages: tuple[int, ...] = ()
        if unfreezing_plan:
            joined = {name: number for number, stage in enumerate(unfreezing_plan.stages) for name in stage.unfreezes}
            stages = tuple(min((joined.get(name, 0) for name in layer), default=0) for layer in layers_of(structure))
        return Preview(
            trainable=structure.count(names),
            total=structure.total,
            embeddings=state_of(structure.embeddings, names),
            blocks=tuple(state_of(block, names) for block in structure.blocks),
            head=state_of(layers_of(structure)[-1], names),
            rates=tuple(self.layer_rates(structure, options)),
            stages=stages,
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        return train_only(model, self.trained(structure, options))

    def rates(self, model: "nn.Module", structure: Structure, options: Any) -> dict[str, float]:
        pairs = zip(layers_of(structure), self.layer_rates(structure, options), strict=False)
        return {name: rate for layer, rate in pairs for name in layer}


def layers_of(structure: Structure) -> tuple[tuple[str, ...], ...]:
    """Embeddings, every block, and what lies above them (tail and head), bottom first."""
    return (structure.embeddings, *structure.blocks, (*structure.tail, *structure.head))


def everything(structure: Structure) -> frozenset[str]:
    """All parameters that any strategy may train."""
    return frozenset(structure.shapes) - frozenset(structure.fixed)


def new_part(structure: Structure) -> frozenset[str]:
    """The head, and a pooler below it, which is a hidden layer of the head in all but name. Empty for tasks that add
    nothing: writing with the pretrained output layer, or searching with the encoder alone."""
    return frozenset((*structure.head, *(name for name in structure.tail if "pooler" in name)))


def solvable_layer(structure: Structure) -> frozenset[str]:
    """Weight and bias of a head that is one linear layer with several outputs, a pooler below it left aside; empty
    where it is something else."""
    names = [name for name in structure.head if "pooler" not in name]
    shapes = [structure.shapes[name] for name in names]
    is_one_layer = len({name.rpartition(".")[0] for name in names}) == 1 and sorted(map(len, shapes)) == [1, 2]
    return frozenset(names) if is_one_layer and min(shape[0] for shape in shapes) > 1 else frozenset()


def train_only(model: "nn.Module", names: Collection[str]) -> "nn.Module":
    """Let exactly the parameters in `names` take gradients."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
    return model


def head_with_adapters(structure: Structure) -> str:
    """What lies above the blocks where adapters learn inside these: its new part learns, too."""
    return state_of(layers_of(structure)[-1], frozenset(structure.head))


def state_of(layer: Sequence[str], trained: frozenset[str]) -> str:
    """All of a layer learns, or a part of it ("adapted"), or nothing."""
    count = sum(name in trained for name in layer)
    return "frozen" if count == 0 else "trained" if count == len(layer) else "adapted"
