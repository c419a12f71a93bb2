"""How much of a model is trained. A new strategy: one file here, one line below."""

from studio.registry import Registry
from studio.strategies.base import Strategy
from studio.strategies.freeze import Freeze
from studio.strategies.full import Full
from studio.strategies.lora import Lora

STRATEGIES: Registry[Strategy] = Registry("strategy", Full(), Freeze(), Lora())
