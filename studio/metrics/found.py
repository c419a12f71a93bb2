"""How good the finding of things is, of which an example may have none or many: marked pieces, objects."""

from studio.metrics.base import Metric

F1 = Metric("f1", "F1", "precision and recall in one")
PRECISION = Metric("precision", "Precision", "how much of what was found is right")
RECALL = Metric("recall", "Recall", "how much of what is there was found")


def found_metrics(found: int, there: int, answered: int) -> dict[str, float]:
    """From counts of things: found and right, there, answered. 0 where a metric is not defined."""
    return {
        PRECISION.name: found / answered if answered else 0.0,
        RECALL.name: found / there if there else 0.0,
        F1.name: 2 * found / (there + answered) if there + answered else 0.0,
    }
