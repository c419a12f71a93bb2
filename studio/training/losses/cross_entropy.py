"""The usual loss of classifiers: how surprised the model is at the right class."""

from typing import TYPE_CHECKING

from studio.language import _
from studio.training.losses.base import LossChoice

if TYPE_CHECKING:
    from torch import Tensor


def negative_log(logs: "Tensor") -> "Tensor":
    """-log p."""
    return -logs


CROSS_ENTROPY = LossChoice(
    "cross-entropy",
    _("Cross-entropy"),
    _("How surprised the model is at the right class; the usual one."),
    lambda options: negative_log,
)
