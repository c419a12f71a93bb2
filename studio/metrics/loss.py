"""The loss as a metric: every task has it."""

from studio.metrics.base import error

LOSS = error("loss", "Loss", "how wrong the answers are, as training counts it; lower is better")
