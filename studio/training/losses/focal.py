"""Cross-entropy in which easy examples count less: Lin et al. 2017 (arXiv:1708.02002)."""

from functools import partial
from typing import TYPE_CHECKING

from studio.language import _
from studio.training.losses.base import LossChoice

if TYPE_CHECKING:
    from torch import Tensor


def focal(logs: "Tensor", gamma: float) -> "Tensor":
    """(1 - p)^gamma (-log p)."""
    return -logs * (1 - logs.exp()).clamp(min=0) ** gamma


FOCAL = LossChoice(
    "focal",
    _("Focal loss"),
    _("Gives more weight to examples that the model still gets wrong; for rare classes."),
    lambda options: partial(focal, gamma=options.focal_gamma),
    reads=("focal_gamma",),
)
