"""Adapters that are products of small matrices, added to the frozen weights: LoRA and its variants."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.adapters.base import Adapter, AdapterOptions, Layer
from studio.strategies.families import SLOW

if TYPE_CHECKING:
    from torch import nn


def _rank(default: int = 8) -> Any:
    return setting(
        default,
        title=_("Size of the adapters (rank r)"),
        help=_("A larger rank can learn more and trains more parameters."),
        ge=1,
        le=512,
        advanced=False,
    )


def _alpha(default: int = 16) -> Any:
    return setting(
        default,
        title=_("Strength of the adapters (alpha)"),
        help=_("Adapters are scaled by alpha / r; twice the rank is the usual choice."),
        ge=1,
        le=1024,
    )


def _dropout(default: float = 0.05) -> Any:
    return setting(
        default,
        title=_("Adapter dropout"),
        help=_("Share of an adapter's inputs left out at random, against memorising."),
        ge=0,
        lt=1,
    )


class RankOptions(AdapterOptions):
    r: int = _rank()


class LowRankOptions(AdapterOptions):
    r: int = _rank()
    alpha: int = _alpha()
    dropout: float = _dropout()


class DoraOptions(LowRankOptions):
    rslora: bool = setting(
        False,
        title=_("Scale by the root of the rank (rsLoRA)"),
        help=_("alpha / sqrt(r) instead of alpha / r: large ranks then learn as fast as small ones."),
    )
    b_rate: float = setting(
        1.0,
        title=_("How much faster B learns (LoRA+)"),
        help=_("The second matrix of each adapter begins at zero and may take larger steps; 16 is the paper's advice."),
        ge=1,
        le=100,
    )


class LoraOptions(DoraOptions):
    dora: bool = setting(
        False,
        title=_("Magnitude and direction separately (DoRA)"),
        help=_("Learns the magnitudes of the weights on their own; a little better at small ranks, and slower."),
    )
    pissa: bool = setting(
        False,
        title=_("Begin with the largest directions (PiSSA)"),
        help=_("Adapters begin as what matters most in the weights, instead of at zero; they learn faster."),
    )


class Lora(Adapter):
    """Hu et al. 2021, arXiv:2106.09685. rsLoRA: Kalajdzievski 2023, arXiv:2312.03732. PiSSA: Meng et al. 2024,
    arXiv:2404.02948. LoRA+: Hayou et al. 2024, arXiv:2402.12354."""

    name = "lora"
    title = "LoRA"
    plain = _("small adapters")
    sentence = _("The model stays as it is and small adapters in it learn: nearly as good, with far less memory.")
    default_learning_rate = 1e-3
    Options: ClassVar[type[BaseOptions]] = LoraOptions

    def size(self, layer: Layer, options: Any) -> int:
        lengths = layer.outputs if self.uses_dora(options) else 0
        return int(options.r * (layer.inputs * layer.kernel + layer.outputs) + lengths)

    def uses_dora(self, options: Any) -> bool:
        return bool(options.dora)

    def suits(self, layer: Layer, model: "nn.Module", options: Any) -> bool:
        """DoRA divides by the length of each output's weights, which is 0 for some filters of MobileNetV2.
        The preview, which knows no weights, counts such layers all the same."""
        if not self.uses_dora(options):
            return True
        weight = model.get_submodule(layer.name).weight
        outputs = weight.T if layer.kind == "conv1d" else weight
        return bool(outputs.flatten(1).norm(dim=1).all())  # type: ignore[operator]

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import LoraConfig

        matrices = all(layer.kind != "conv2d" for layer in layers)
        return LoraConfig(
            r=options.r,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            use_rslora=options.rslora,
            use_dora=self.uses_dora(options),
            init_lora_weights="pissa" if getattr(options, "pissa", False) and matrices else True,
            **common,
        )

    def rates(self, model: "nn.Module", structure: Structure, options: Any) -> Mapping[str, float]:
        if options.b_rate == 1:
            return {}
        return {name: options.b_rate for name in dict(model.named_parameters()) if ".lora_B." in name}


class Dora(Lora):
    """Liu et al. 2024, arXiv:2402.09353."""

    name = "dora"
    title = "DoRA"
    plain = _("magnitude and direction apart")
    avoid = SLOW
    sentence = _("LoRA that learns the magnitude and the direction of the weights separately; often a little better.")
    Options = DoraOptions

    def uses_dora(self, options: Any) -> bool:
        return True


class AdaLoraOptions(AdapterOptions):
    r: int = _rank(12)
    target_r: int = setting(
        8,
        title=_("Rank that is left at the end"),
        help=_("On average over all layers; important ones keep more. It must be smaller than the rank at the start."),
        ge=1,
        le=511,
        advanced=False,
    )
    alpha: int = _alpha(24)
    dropout: float = _dropout()


class AdaLora(Adapter):
    """Zhang et al. 2023, arXiv:2303.10512. When ranks are cut depends on the length of training, which the engine
    fills in: a tenth of it as warm-up, three tenths at the end without changes."""

    name = "adalora"
    title = "AdaLoRA"
    plain = _("adapters with a rank budget")
    sentence = _("Begins with larger adapters and takes away, layer by layer, what turns out to matter least.")
    default_learning_rate = 2e-3
    Options = AdaLoraOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * (layer.inputs * layer.kernel + layer.outputs + 1))

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import AdaLoraConfig

        return AdaLoraConfig(
            init_r=options.r,
            target_r=min(options.target_r, options.r - 1) or 1,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            total_step=1,
            **common,
        )


class AlphaOptions(AdapterOptions):
    r: int = _rank()
    alpha: int = _alpha()
    dropout: float = setting(
        0.0,
        title=_("Rank dropout"),
        help=_("Share of an adapter's ranks left out at random, against memorising."),
        ge=0,
        lt=1,
    )


class LoHa(Adapter):
    """Hyeon-Woo et al. 2021, arXiv:2108.06098."""

    name = "loha"
    title = "LoHa"
    plain = _("products of two adapters")
    avoid = SLOW
    sentence = _("Multiplies two small adapters number by number, which reaches more with the same rank.")
    default_learning_rate = 2e-3
    kinds = frozenset({"linear", "conv2d"})
    Options = AlphaOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(2 * options.r * (layer.inputs * layer.kernel + layer.outputs))

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import LoHaConfig

        return LoHaConfig(r=options.r, alpha=options.alpha, rank_dropout=options.dropout, **common)


class LoKr(Adapter):
    """Edalati et al. 2022, arXiv:2212.10650; as in LyCORIS, Yeh et al. 2023, arXiv:2309.14859."""

    name = "lokr"
    title = "LoKr"
    plain = _("patterns of adapters")
    avoid = SLOW
    sentence = _("Repeats one small matrix in the pattern of another (Kronecker product): very few parameters.")
    default_learning_rate = 2e-3
    kinds = frozenset({"linear", "conv2d"})
    Options = AlphaOptions

    def size(self, layer: Layer, options: Any) -> int:
        """The outer matrix whole; the inner one whole where the rank is half its larger side or more."""
        (outer_in, inner_in), (outer_out, inner_out) = halves(layer.inputs), halves(layer.outputs)
        whole = options.r >= max(inner_in, inner_out) / 2
        inner = inner_out * inner_in * layer.kernel if whole else options.r * (inner_out + inner_in * layer.kernel)
        return int(outer_in * outer_out + inner)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import LoKrConfig

        return LoKrConfig(r=options.r, alpha=options.alpha, rank_dropout=options.dropout, **common)


class HiRa(Adapter):
    """Huang et al. 2025, ICLR: openreview.net/forum?id=TwJrTz9cRS."""

    name = "hira"
    title = "HiRA"
    plain = _("adapters that multiply the weights")
    sentence = _("A small adapter times the weight itself, so that the change can have any rank.")
    default_learning_rate = 5e-3
    Options = RankOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * (layer.inputs * layer.kernel + layer.outputs))

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import HiraConfig

        return HiraConfig(r=options.r, **common)


class BoundedOptions(RankOptions):
    strength: float = setting(
        1.0,
        title=_("How far the weights may move at first (lambda)"),
        help=_(
            "The length of the very first change already; 15, for models with thousands of numbers a layer, is far "
            "too long for small ones."
        ),
        gt=0,
        le=100,
    )


class DeLora(Adapter):
    """Bini et al. 2025, arXiv:2503.18225."""

    name = "delora"
    title = "DeLoRA"
    plain = _("adapters of bounded strength")
    sentence = _("LoRA that cannot run away: how far the weights may move is learned separately from the direction.")
    default_learning_rate = 2e-3
    kinds = frozenset({"linear"})
    Options = BoundedOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * (layer.inputs + layer.outputs) + 1)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import DeloraConfig

        return DeloraConfig(r=options.r, delora_lambda=options.strength, **common)


class Miss(Adapter):
    """Kang and Yin 2024, arXiv:2409.15371."""

    name = "miss"
    title = "MiSS"
    plain = _("one shared strip for each layer")
    sentence = _("One small matrix a layer, repeated along its inputs: half of LoRA's parameters, and fast.")
    default_learning_rate = 1e-3
    kinds = frozenset({"linear"})
    Options = RankOptions

    def size(self, layer: Layer, options: Any) -> int:
        return int(options.r * layer.outputs)

    def config(self, layers: Sequence[Layer], options: Any, common: dict[str, Any]) -> Any:
        from peft import MissConfig

        return MissConfig(r=options.r, **common)


def halves(width: int) -> tuple[int, int]:
    """The two factors of `width` that are nearest to each other, the smaller one first."""
    small = next(factor for factor in range(int(width**0.5), 0, -1) if width % factor == 0)
    return small, width // small
