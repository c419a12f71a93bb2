"""An entry of the losses: what each class would cost if it were the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class LossChoice:
    """costs: (training options) -> a function of log probabilities (places, classes) to costs of the same shape.

    reads: the settings that it looks at. What is common to all, the weights of classes, label smoothing and the
    average over places, is not its business.
    """

    name: str
    title: str
    sentence: str
    costs: "Callable[[Any], Callable[[Tensor], Tensor]]"
    reads: tuple[str, ...] = ()
