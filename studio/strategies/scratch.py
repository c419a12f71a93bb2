"""The same architecture without what it learned: an honest baseline for what pretraining is worth.

Xavier: Glorot and Bengio 2010. Kaiming: He et al. 2015 (arXiv:1502.01852). Orthogonal: Saxe et al. 2014
(arXiv:1312.6120). All through torch.nn.init, for weights of two and more dimensions; scales of normalisation layers
begin at one and biases at zero. `own` is what the model's authors chose.
"""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Literal

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.families import FAMILIES
from studio.strategies.freeze import normalisation
from studio.strategies.selection import Selection, everything, train_only

if TYPE_CHECKING:
    from torch import Tensor, nn


class ScratchOptions(BaseOptions):
    initialisation: Literal[
        "own", "xavier-uniform", "xavier-normal", "kaiming-uniform", "kaiming-normal", "orthogonal"
    ] = setting(
        "own",
        title=_("How the weights begin (initialisation)"),
        help=_("own is what the model's makers chose; Xavier (Glorot) suits tanh-like layers, Kaiming (He) ReLU ones."),
        advanced=False,
    )


class Scratch(Selection):
    name = "scratch"
    family = FAMILIES["scratch"]
    title = _("Training from scratch")
    plain = _("the model forgets what it knew")
    sentence = _("The model forgets all it learned before; useful to see what pretraining is worth, and for huge data.")
    default_learning_rate = 5e-4
    Options = ScratchOptions

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return everything(structure)

    def reinitialised(self, structure: Structure, options: Any) -> Collection[str]:
        return everything(structure)

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        reinitialised = everything(structure)
        if options.initialisation == "own":
            _as_built(model, reinitialised)
        else:
            _fill(model, reinitialised, normalisation(structure), options.initialisation)
        _forget_statistics(model)
        return train_only(model, reinitialised)


def _as_built(model: "nn.Module", names: frozenset[str]) -> None:
    """Copy the weights of a newly built model of the same kind. The seed is set by whoever calls."""
    import torch

    fresh = dict(type(model)(model.config).named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in names:
                parameter.copy_(fresh[name])


def _fill(model: "nn.Module", names: frozenset[str], norms: frozenset[str], kind: str) -> None:
    from torch.nn import init

    fillers: dict[str, Callable[[Tensor], Tensor]] = {
        "xavier-uniform": init.xavier_uniform_,
        "xavier-normal": init.xavier_normal_,
        "kaiming-uniform": lambda weight: init.kaiming_uniform_(weight, nonlinearity="relu"),
        "kaiming-normal": lambda weight: init.kaiming_normal_(weight, nonlinearity="relu"),
        "orthogonal": init.orthogonal_,
    }
    for name, parameter in model.named_parameters():
        if name not in names:
            continue
        if parameter.ndim > 1:
            fillers[kind](parameter)
        elif name in norms and name.endswith("weight"):
            init.ones_(parameter)
        else:
            init.zeros_(parameter)


def _forget_statistics(model: "nn.Module") -> None:
    """Reset the statistics of batch normalisation."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
