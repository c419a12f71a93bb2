"""Optimizers that `training.optimizer` can name. Each builds itself from parameter groups in a worker."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import field_validator

from studio.errors import StudioError
from studio.options import Options, setting
from studio.registry import Registry

if TYPE_CHECKING:
    from torch.optim import Optimizer


@dataclass(frozen=True)
class OptimizerChoice:
    """state_floats: numbers kept per trained parameter, for the memory estimate."""

    name: str
    title: str
    sentence: str
    state_floats: int
    build: "Callable[[list[dict[str, Any]], float, Any], Optimizer]"  # (groups, learning rate, TrainingOptions)


def _adamw(groups: list[dict[str, Any]], learning_rate: float, training: Any) -> "Optimizer":
    from torch.optim import AdamW

    return AdamW(groups, lr=learning_rate, fused=True)


def _sgd(groups: list[dict[str, Any]], learning_rate: float, training: Any) -> "Optimizer":
    from torch.optim import SGD

    return SGD(groups, lr=learning_rate, momentum=training.momentum)


OPTIMIZERS: Registry[OptimizerChoice] = Registry(
    "optimizer",
    OptimizerChoice("adamw", "AdamW", "Adapts the step of every weight by itself; the usual choice.", 2, _adamw),
    OptimizerChoice("sgd", "SGD", "Plain steps with momentum; needs a higher learning rate.", 1, _sgd),
)


class OptimizerOptions(Options):
    learning_rate: float | None = setting(
        None,
        title="Step size (learning rate)",
        help="How far the weights move each step. Empty means the value recommended for the strategy.",
        gt=0,
        le=10,
    )
    optimizer: str = setting("adamw", title="Optimizer", help="The rule that turns errors into weight changes.")
    momentum: float = setting(
        0.9,
        title="Momentum",
        help="How much of the last step carries over into the next.",
        ge=0,
        lt=1,
        shown_if={"optimizer": "sgd"},
    )

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, value: str) -> str:
        try:
            return OPTIMIZERS[value].name
        except StudioError as error:
            raise ValueError(str(error)) from error
