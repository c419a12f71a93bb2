"""Adapters that only learn the coefficients of fixed directions."""

import math
from collections.abc import Sequence
from typing import Any

from studio.language import _
from studio.options import setting
from studio.strategies.adapters.base import Adapter, AdapterOptions, Layer
from studio.strategies.families import SLOW


class VeraOptions(AdapterOptions):
    r: int = setting(
        256,
        title=_("Fixed directions (rank r)"),
        help=_("All layers share so many random directions, and learn how much of each to take."),
        ge=1,
        le=2048,
        advanced=False,
    )
    dropout: float = setting(
        0.0,
        title=_("Adapter dropout"),
        help=_("Share of an adapter's inputs left out at random, against memorising."),
        ge=0,
        lt=1,
    )


class Vera(Adapter):
    """Kopiczko et al. 2023, arXiv:2310.11454."""

    name = "vera"
    title = "VeRA"
    plain = _("shared random adapters")
    use = _("The smallest adapter files, for hundreds of variants of one model.")
    avoid = _("The best result counts and LoRA is possible.")
    sentence = _("All layers share one random adapter and learn how strongly to use it: a tenth of LoRA's size.")
    default_learning_rate = 1e-2
    kinds = frozenset({"linear", "conv1d"})
    Options = VeraOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r + layer.outputs)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import VeraConfig

        return VeraConfig(r=options.r, vera_dropout=options.dropout, **common)


class RandLoraOptions(AdapterOptions):
    r: int = setting(
        32,
        title=_("Size of a random basis (rank r)"),
        help=_("The smaller, the more bases it takes to reach every direction, and the more parameters."),
        ge=1,
        le=512,
        advanced=False,
    )
    dropout: float = setting(
        0.0,
        title=_("Adapter dropout"),
        help=_("Share of an adapter's inputs left out at random, against memorising."),
        ge=0,
        lt=1,
    )


class RandLora(Adapter):
    """Albert et al. 2025, arXiv:2502.00987."""

    name = "randlora"
    title = "RandLoRA"
    plain = _("many random adapters")
    avoid = SLOW
    sentence = _("Mixes random adapters until they reach every direction, at about the cost of LoRA.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear", "conv1d"})
    Options = RandLoraOptions

    def size(self, layer: Layer, options: Any) -> int:
        width = min(layer.inputs, layer.outputs)
        return math.ceil(width / options.r) * (options.r + width)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import RandLoraConfig

        return RandLoraConfig(r=options.r, randlora_alpha=20 * options.r, randlora_dropout=options.dropout, **common)


class FourierOptions(AdapterOptions):
    frequencies: int = setting(
        1000,
        title=_("Waves per layer (frequencies)"),
        help=_("A layer's change is the sum of so many waves; more can learn more."),
        ge=1,
        le=100_000,
        advanced=False,
    )
    strength: float = setting(
        150.0,
        title=_("Strength of the waves (scaling)"),
        help=_("The larger, the larger the changes."),
        gt=0,
        le=10_000,
    )


class FourierFt(Adapter):
    """Gao et al. 2024, arXiv:2405.03003."""

    name = "fourierft"
    title = "FourierFT"
    plain = _("changes made of waves")
    avoid = SLOW
    sentence = _("Learns the change of each layer as a sum of waves: very few parameters, at some cost in time.")
    default_learning_rate = 5e-2
    head_rate = 0.03
    kinds = frozenset({"linear", "conv1d"})
    Options = FourierOptions

    def fitted(self, layers: Sequence[Layer], options: Any) -> Any:
        most = min(layer.inputs * layer.outputs for layer in layers)
        return options.model_copy(update={"frequencies": min(options.frequencies, most)})

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.frequencies)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import FourierFTConfig

        return FourierFTConfig(n_frequency=options.frequencies, scaling=options.strength, **common)
