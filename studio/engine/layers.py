"""Which layers learn at the moment, and how fast: what the screen draws beside the curve."""

from collections.abc import Mapping

from torch import nn

from studio.engine.loop import Loop
from studio.events import Layers
from studio.models.structure import Structure
from studio.strategies.adapters.base import plain_names
from studio.strategies.selection import layers_of


def layers_now(loop: Loop, structure: Structure) -> Layers:
    """Each layer's state and its factor of the learning rate, from the optimizer's groups."""
    factors = {id(p): group["factor"] for group in loop.optimizer.param_groups for p in group["params"]}
    places = _modules(structure)
    layers: list[list[nn.Parameter]] = [[] for _ in layers_of(structure)]
    for name, parameter in loop.model.named_parameters():
        index = _layer_of(name, places)
        if index is not None:
            layers[index].append(parameter)
    states, rates = [], []
    for parameters in layers:
        learning = [p for p in parameters if p.requires_grad]
        states.append("frozen" if not learning else "trained" if len(learning) == len(parameters) else "adapted")
        rates.append(max((factors.get(id(p), 1.0) for p in learning), default=0.0))
    return Layers.model_validate({"step": loop.state.step, "states": states, "rates": rates})


def _modules(structure: Structure) -> dict[str, int]:
    """Module name -> index of the layer that its parameters are in."""
    pairs = ((name.rpartition(".")[0], index) for index, layer in enumerate(layers_of(structure)) for name in layer)
    return {module: index for module, index in pairs if module}


def _layer_of(name: str, places: Mapping[str, int]) -> int | None:
    """Of the nearest module around a parameter that the structure knows; what peft put around it is left out."""
    for plain in plain_names(name.removeprefix("module.")):
        module = plain.rpartition(".")[0]
        while module:
            if module in places:
                return places[module]
            module = module.rpartition(".")[0]
    return None
