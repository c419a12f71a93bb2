"""How much of a model is trained. A new strategy: one class here, one line below."""

from studio.registry import Registry
from studio.strategies.adapters import bottleneck, low_rank, orthogonal, projections, prompts, quantised, scaling
from studio.strategies.base import Strategy
from studio.strategies.bitfit import BitFit
from studio.strategies.freeze import Freeze
from studio.strategies.full import Full
from studio.strategies.gradual import Gradual
from studio.strategies.layerwise import Layerwise
from studio.strategies.lp_ft import ProbeThenFull
from studio.strategies.norm_only import NormOnly
from studio.strategies.scratch import Scratch

STRATEGIES: Registry[Strategy] = Registry(
    "strategy",
    Full(),
    Freeze(),
    Gradual(),
    Layerwise(),
    ProbeThenFull(),
    BitFit(),
    NormOnly(),
    low_rank.Lora(),
    quantised.Qlora(),
    low_rank.Dora(),
    low_rank.AdaLora(),
    low_rank.LoHa(),
    low_rank.LoKr(),
    low_rank.HiRa(),
    low_rank.DeLora(),
    low_rank.Miss(),
    orthogonal.Oft(),
    orthogonal.Boft(),
    orthogonal.Hra(),
    orthogonal.Road(),
    projections.Vera(),
    projections.RandLora(),
    projections.FourierFt(),
    scaling.Ia3(),
    scaling.LnTuning(),
    bottleneck.BottleneckAdapter(),
    prompts.PrefixTuning(),
    prompts.PromptTuning(),
    prompts.PTuning(),
    Scratch(),
)
