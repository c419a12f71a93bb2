"""What all adapters of layers share: which layers they go to, how many numbers that makes, and the wrapping."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.errors import StudioError
from studio.language import _, listing
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.adapters.wrapped import Wrapped, answer_for_convolutions, wrap
from studio.strategies.base import Preview
from studio.strategies.families import FAMILIES
from studio.strategies.selection import head_with_adapters

if TYPE_CHECKING:
    from torch import nn

Kind = Literal["linear", "conv1d", "conv2d"]

_NO_LAYER = re.compile(r"norm|embed|relative|(^|\.)ln_", re.I)  # tables of two dimensions that no layer multiplies
_REASONS: dict[Kind, str] = {
    "conv2d": _("These adapters go beside weight matrices, and the blocks of this model consist of convolutions."),
    "conv1d": _("This model stores its matrices the way GPT-2 does, which these adapters do not know."),
    "linear": _("These adapters go into convolutions, and this model has none in its blocks."),
}


@dataclass(frozen=True)
class Layer:
    """A layer to adapt. kernel: places that a convolution reads at once; 1 for a matrix.

    kind: conv1d is GPT-2's own class of that name, a matrix stored as (in, out).
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    kind: Kind


class AdapterOptions(BaseOptions):
    target_modules: str = setting(
        "auto",
        title=_("Layers to adapt (target modules)"),
        help=_("auto adapts every layer of the blocks; or endings of layer names, such as: query, value."),
    )


class Adapter(Wrapped):
    """A subclass says how many numbers go beside a layer (`size`), and gives peft's config (`config`)."""

    family = FAMILIES["low-rank"]
    kinds: ClassVar[frozenset[Kind]] = frozenset({"linear", "conv1d", "conv2d"})
    head_rate: ClassVar[float] = 1.0  # of the learning rate: what is right for some adapters is far too much for a head
    keeps_layers: ClassVar[bool] = True  # False where `apply` puts other layers in their place before it wraps
    Options: ClassVar[type[BaseOptions]] = AdapterOptions

    def size(self, layer: Layer, options: Any) -> int:
        raise NotImplementedError

    def shared_size(self, options: Any) -> int:
        """Numbers that all layers share, on top of each layer's own."""
        return 0

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        """The PeftConfig. common: the arguments that every kind of config takes."""
        raise NotImplementedError

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        """The options with sizes that must divide the layers' widths changed to ones that do."""
        return options

    def why_not(self, structure: Structure) -> str | None:
        if not structure.blocks:
            return _("No blocks of layers were found in this model.")
        return None if self.automatic(structure) else self._reason(structure)

    def _reason(self, structure: Structure) -> str:
        kinds = [layer.kind for layer in layers_in(structure)]
        return _REASONS[max(sorted(set(kinds)), key=kinds.count)] if kinds else _("No layer of it can be adapted.")

    def automatic(self, structure: Structure) -> list[Layer]:
        """Every layer of the blocks that this method knows (Dettmers et al. 2023, arXiv:2305.14314, found all of
        them to matter)."""
        inside = frozenset(structure.body)
        return [
            layer for layer in layers_in(structure) if f"{layer.name}.weight" in inside and layer.kind in self.kinds
        ]

    def targets(self, structure: Structure, options: Any) -> list[Layer]:
        """The layers to adapt: all, or those whose names end as the person wishes."""
        self.check(structure, options)
        found = self.automatic(structure)
        if options.target_modules.strip() == "auto":
            return found
        untouchable = {*structure.head, *structure.fixed}
        every = [each for each in layers_in(structure) if f"{each.name}.weight" not in untouchable]
        known = [layer for layer in every if layer.kind in self.kinds]
        endings = [ending.strip() for ending in options.target_modules.split(",") if ending.strip()]
        lost = [ending for ending in endings if not any(_ends(layer.name, ending) for layer in known)]
        if lost or not endings:
            there = sorted({layer.name.rsplit(".", 1)[-1] for layer in known})
            raise StudioError(
                _("No layer of this model is called {names}.", names=listing(lost, "or"))
                if lost
                else _("The layers to adapt are not named."),
                _("Its layers end in: {names}.", names=listing(there)),
                _("Use some of these, separated by commas, or auto."),
            )
        return [layer for layer in known if any(_ends(layer.name, ending) for ending in endings)]

    def preview(self, structure: Structure, options: Any) -> Preview:
        layers = self.targets(structure, options)
        options = self.fitted(layers, options)
        names = {layer.name for layer in layers}
        new = sum(self.size(layer, options) for layer in layers) + self.shared_size(options)

        def state(parameters: Iterable[str]) -> str:
            return "adapted" if names.intersection(map(_module, parameters)) else "frozen"

        return Preview(
            trainable=new + structure.count(structure.head),
            total=structure.total + new,
            embeddings=state(structure.embeddings),
            blocks=tuple(map(state, structure.blocks)),
            head=head_with_adapters(structure),
            rates=(*(1.0,) * (len(structure.blocks) + 1), self.head_rate) if self.head_rate != 1 else (),
        )

    def rates(self, model: "nn.Module", structure: Structure, options: Any) -> Mapping[str, float]:
        if self.head_rate == 1:
            return {}
        head = frozenset(structure.head)
        names = dict(model.named_parameters())
        return {name: self.head_rate for name in names if head.intersection(plain_names(name))}

    def suits(self, layer: Layer, model: "nn.Module", options: Any) -> bool:
        """Whether the weights that a layer has allow it to be adapted."""
        return True

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """Wrap with peft. The head, and what came with it untrained, is saved inside the adapter."""
        layers = [layer for layer in self.targets(structure, options) if self.suits(layer, model, options)]
        common = {"target_modules": [layer.name for layer in layers], "modules_to_save": modules_to_save(structure)}
        config = self.config(layers, self.fitted(layers, options), common)
        if self.keeps_layers and hasattr(config, "fan_in_fan_out"):
            config.fan_in_fan_out = all(layer.kind == "conv1d" for layer in layers)
        return freeze_fixed(answer_for_convolutions(wrap(model, config)), structure)


def layers_in(structure: Structure) -> list[Layer]:
    """All that multiplies. Convolutions of single channels (depthwise) are left out: they mix nothing."""
    found = []
    for name, shape in structure.shapes.items():
        if not name.endswith(".weight") or _NO_LAYER.search(name):
            continue
        if len(shape) == 2:
            bias = structure.shapes.get(f"{_module(name)}.bias")
            transposed = bias is not None and shape[0] != shape[1] and bias[0] == shape[1]
            transposed |= re.search(r"(^|\.)c_(attn|proj|fc)\.", name) is not None and bias is not None
            outputs, inputs = reversed(shape) if transposed else shape
            found.append(Layer(_module(name), inputs, outputs, 1, "conv1d" if transposed else "linear"))
        elif len(shape) == 4 and shape[1] > 1:
            found.append(Layer(_module(name), shape[1], shape[0], math.prod(shape[2:]), "conv2d"))
    return found


def modules_to_save(structure: Structure) -> list[str]:
    """The modules that hold the head's parameters and the fixed ones, which are newly initialised and saved too.

    A module that shares its parameters with the head's (a detector's class layer, once for every decoder layer) is
    saved too: peft gives each a copy of its own.
    """
    head = frozenset(structure.head)
    twins = (name for name, first in structure.tied.items() if first in head)
    return list(dict.fromkeys([*map(_module, structure.head), *map(_module, twins), *fixed_blocks(structure)]))


def fixed_blocks(structure: Structure) -> list[str]:
    """Names of the blocks that came with the head, once each."""
    found = [match[1] for name in structure.fixed if (match := re.match(r"(.*?\.\d+)\.", name))]
    return list(dict.fromkeys(found))


def freeze_fixed(wrapped: "nn.Module", structure: Structure) -> "nn.Module":
    for name, parameter in wrapped.named_parameters():
        if any(plain in structure.fixed for plain in plain_names(name)):
            parameter.requires_grad_(False)
    return wrapped


def plain_names(name: str) -> tuple[str, str]:
    """What a parameter may be called in the model that peft wrapped: for adapters of layers, and for prompts."""
    inner = name.replace("modules_to_save.default.", "").replace("original_module.", "")
    return inner.removeprefix("base_model.model."), inner.removeprefix("base_model.")


def divisor(wish: int, layers: Sequence[Layer], width: Literal["inputs", "outputs"]) -> int:
    """The largest number up to `wish` that divides the width of every layer."""
    widths = [layer.outputs if width == "outputs" else layer.inputs * layer.kernel for layer in layers]
    common = math.gcd(*widths)
    return next(size for size in range(min(wish, common), 0, -1) if common % size == 0)


def _ends(name: str, ending: str) -> bool:
    return name == ending or name.endswith(f".{ending}")


def _module(name: str) -> str:
    return name.rpartition(".")[0]
