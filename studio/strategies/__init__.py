"""How much of a model is trained. A new strategy: one class here, one line below.

These methods of peft 0.21 are left out, and why: X-LoRA and Poly mix several adapters that were trained before or
for several tasks, and a run trains one; multitask prompt tuning likewise. Trainable tokens learn new words of a
vocabulary, which no task here adds. Adaption prompts and cartridges are made for the attention of LLaMA's kin, CPT for
generation with labelled examples in the prompt. Of LoRA's beginnings, PiSSA is a setting; EVA and LoRA-GA need passes
over the data before the adapters exist, which LoRA+ and PiSSA come near to without, and LoftQ is made for weights of
few bits that are quantised by it, as bitsandbytes does not.
"""

from studio.language import _
from studio.registry import Registry
from studio.strategies.adapters import (
    bottleneck,
    low_rank,
    orthogonal,
    patterns,
    projections,
    prompts,
    quantised,
    scaling,
)
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
    _("strategy"),
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
    patterns.C3a(),
    patterns.Shira(),
    patterns.VbLora(),
    scaling.Ia3(),
    scaling.LnTuning(),
    bottleneck.BottleneckAdapter(),
    prompts.PrefixTuning(),
    prompts.PromptTuning(),
    prompts.PTuning(),
    Scratch(),
)
