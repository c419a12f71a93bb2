"""The loss as a metric: every task has it."""

from studio.language import _
from studio.metrics.base import error

LOSS = error("loss", _("Loss"), _("how wrong the answers are, as training counts it; lower is better"))
