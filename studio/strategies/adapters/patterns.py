"""Adapters with a pattern that is fixed before training: circulant blocks, scattered weights, vectors from a bank."""

from collections.abc import Sequence
from typing import Any

from studio.language import _
from studio.options import setting
from studio.strategies.adapters.base import Adapter, AdapterOptions, Layer
from studio.strategies.adapters.low_rank import RankOptions
from studio.strategies.families import SLOW

SEED = 0  # of SHiRA's pattern, so that a resumed run has the same one


def dividing(wish: int, layers: Sequence[Layer]) -> int:
    """The largest number up to `wish` that divides inputs and outputs of every layer."""
    sizes = [width for layer in layers for width in (layer.inputs, layer.outputs)]
    return next(size for size in range(wish, 0, -1) if all(width % size == 0 for width in sizes))


class CirculantOptions(AdapterOptions):
    block_size: int = setting(
        32,
        title=_("Size of the blocks"),
        help=_("A smaller block learns more and trains more parameters; it is lowered to what divides the layers."),
        ge=1,
        le=4096,
        advanced=False,
    )


class C3a(Adapter):
    """Chen et al. 2024, arXiv:2407.19342. Begins at zero, so that training starts from the pretrained model."""

    name = "c3a"
    title = "C3A"
    plain = _("circulant blocks")
    avoid = SLOW
    sentence = _("Each block of the change is one row that turns round: full rank from few numbers.")
    default_learning_rate = 0.1  # peft divides the update by the layer's width
    head_rate = 0.01
    kinds = frozenset({"linear"})
    Options = CirculantOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        return options.model_copy(update={"block_size": dividing(options.block_size, layers)})

    def size(self, layer: Layer, options: Any) -> int:
        return int(layer.inputs * layer.outputs // options.block_size)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import C3AConfig

        return C3AConfig(block_size=options.block_size, init_weights=True, **common)


class Shira(Adapter):
    """Bhardwaj et al. 2024, arXiv:2406.13175, with a random pattern."""

    name = "shira"
    title = "SHiRA"
    plain = _("scattered weights")
    sentence = _("A few weights of each layer, picked at random, learn; as many as LoRA trains, at any rank.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear"})
    Options = RankOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        most = min(layer.inputs * layer.outputs // (layer.inputs + layer.outputs) for layer in layers)
        return options.model_copy(update={"r": max(1, min(options.r, most))})

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * (layer.inputs + layer.outputs))

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import ShiraConfig

        return ShiraConfig(r=options.r, random_seed=SEED, **common)


class BankOptions(RankOptions):
    vectors: int = setting(
        64,
        title=_("Vectors in the bank"),
        help=_("All adapters are put together from these; more can say more."),
        ge=2,
        le=4096,
        advanced=False,
    )
    length: int = setting(
        128,
        title=_("Numbers in a vector of the bank"),
        help=_("Shorter ones can be combined more freely; it is lowered to what divides the layers."),
        ge=1,
        le=4096,
    )


class VbLora(Adapter):
    """Li et al. 2024, arXiv:2405.15179."""

    name = "vblora"
    title = "VB-LoRA"
    plain = _("adapters from a shared bank")
    sentence = _("All layers put their adapters together from one small bank of vectors.")
    default_learning_rate = 5e-3
    kinds = frozenset({"linear"})
    Options = BankOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        return options.model_copy(update={"length": dividing(options.length, layers)})

    def size(self, layer: Layer, options: Any) -> int:
        """How much of each vector goes into each piece of both matrices."""
        return int(options.r * (layer.inputs + layer.outputs) // options.length * options.vectors)

    def shared_size(self, options: Any) -> int:
        return int(options.vectors * options.length)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import VBLoRAConfig

        return VBLoRAConfig(r=options.r, num_vectors=options.vectors, vector_length=options.length, topk=2, **common)
