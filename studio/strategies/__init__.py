"""How much of a model is trained. A new strategy: one file here, one line below."""

from studio.registry import Registry
from studio.strategies.base import Strategy
from studio.strategies.bitfit import BitFit
from studio.strategies.freeze import Freeze
from studio.strategies.full import Full
from studio.strategies.gradual import Gradual
from studio.strategies.layerwise import Layerwise
from studio.strategies.lora import Lora
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
    Lora(),
    Scratch(),
)
