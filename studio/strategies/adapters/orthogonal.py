"""Adapters that rotate a layer's weights or inputs instead of adding to them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.language import _
from studio.models.structure import Structure
from studio.options import setting
from studio.strategies.adapters.base import Adapter, AdapterOptions, Layer, divisor
from studio.strategies.families import FAMILIES, SLOW

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


class BlockOptions(AdapterOptions):
    block_size: int = setting(
        32,
        title=_("Numbers that are rotated together (block size)"),
        help=_("A larger block can learn more and trains more parameters; it is lowered to what divides the layers."),
        ge=2,
        le=512,
        advanced=False,
    )


class Oft(Adapter):
    """Qiu et al. 2023, arXiv:2306.07280."""

    name = "oft"
    family = FAMILIES["orthogonal"]
    title = "OFT"
    plain = _("rotated inputs")
    sentence = _("Rotates the inputs of every layer in small groups, which keeps how its weights relate to each other.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear"})  # merged convolutions say something else in peft 0.21
    Options = BlockOptions

    def why_not(self, structure: Structure) -> str | None:
        if any(len(structure.shapes[name]) == 4 for name in structure.body):
            return _("This method turns rows of numbers, and between the layers of this model there are whole images.")
        return super().why_not(structure)

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        return options.model_copy(update={"block_size": divisor(options.block_size, layers, "inputs")})

    def size(self, layer: Layer, options: Any) -> int:
        block = options.block_size
        return int(layer.inputs // block * (block * (block - 1) // 2))

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import OFTConfig

        return OFTConfig(r=0, oft_block_size=options.block_size, **common)


@contextmanager
def without_extension() -> Iterator[None]:
    """Keep peft from compiling BOFT's CUDA code, layer by layer: what it speeds up is not used with one factor."""
    from peft.tuners.boft import layer

    compiling = layer.get_fbd_cuda
    layer.get_fbd_cuda = lambda: None
    try:
        yield
    finally:
        layer.get_fbd_cuda = compiling


class BoftOptions(BlockOptions):
    block_size: int = setting(
        8,
        title=_("Numbers that are rotated together (block size)"),
        help=_("A larger block can learn more and trains more parameters; it is lowered to what divides the layers."),
        ge=2,
        le=512,
        advanced=False,
    )


class Boft(Adapter):
    """Liu et al. 2023, arXiv:2311.06243."""

    name = "boft"
    family = FAMILIES["orthogonal"]
    title = "BOFT"
    plain = _("rotated inputs and magnitudes")
    avoid = SLOW
    sentence = _("Like OFT with smaller groups, and every output gets a magnitude of its own.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear", "conv2d"})
    Options = BoftOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        return options.model_copy(update={"block_size": divisor(options.block_size, layers, "inputs")})

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        with without_extension():
            return super().apply(model, structure, options)

    def load(self, build: "Callable[[Path], PreTrainedModel]", folder: Path, base: Path | None) -> Any:
        with without_extension():
            return super().load(build, folder, base)

    def size(self, layer: Layer, options: Any) -> int:
        return int(layer.inputs * layer.kernel * options.block_size + layer.outputs)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import BOFTConfig

        return BOFTConfig(boft_block_size=options.block_size, **common)


class HraOptions(AdapterOptions):
    r: int = setting(
        8,
        title=_("Reflections per layer (r)"),
        help=_("A layer's inputs are reflected so many times; an even number begins as no change at all."),
        ge=2,
        le=512,
        multiple_of=2,
        advanced=False,
    )


class Hra(Adapter):
    """Yuan et al. 2024, arXiv:2405.17484."""

    name = "hra"
    family = FAMILIES["orthogonal"]
    title = "HRA"
    plain = _("reflected inputs")
    avoid = SLOW
    sentence = _("Reflects the inputs of every layer a few times: between LoRA and OFT.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear", "conv2d"})
    Options = HraOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * layer.inputs * layer.kernel)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import HRAConfig

        return HRAConfig(r=options.r, **common)


class RoadOptions(AdapterOptions):
    group_size: int = setting(
        64,
        title=_("Size of a group"),
        help=_("Outputs are rotated in pairs inside groups of so many; it is lowered to what divides the layers."),
        ge=2,
        le=512,
    )


class Road(Adapter):
    """Liao and Monz 2024, arXiv:2409.00119."""

    name = "road"
    family = FAMILIES["orthogonal"]
    title = "RoAd"
    plain = _("rotated outputs")
    sentence = _("Rotates and stretches the outputs of every layer in pairs: hardly any parameters.")
    default_learning_rate = 5e-3
    kinds = frozenset({"linear"})
    Options = RoadOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        return options.model_copy(update={"group_size": divisor(options.group_size, layers, "outputs")})

    def size(self, layer: Layer, options: Any) -> int:
        return layer.outputs

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import RoadConfig

        return RoadConfig(variant="road_1", group_size=options.group_size, **common)
