"""How often, and by how much, a model prefers the better one of two answers."""

from studio.language import _
from studio.metrics.base import Metric

REWARD_ACCURACY = Metric(
    "reward_accuracy",
    _("Reward accuracy"),
    _("how often the model leans more to the better answer than it did before training"),
)
REWARD_MARGIN = Metric(
    "reward_margin",
    _("Reward margin"),
    _("how much further it leans to the better answer than to the other"),
    percent=False,
)
