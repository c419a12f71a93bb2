"""Predictions of a whole split, in the table's order, and what the task makes of them."""

from collections.abc import Callable

import numpy
import torch

from studio.engine.batching import evaluation_batches
from studio.engine.forward import Forward
from studio.tasks.base import Predictions, Scores, Task

NAMES = {"train": "training", "validation": "validation", "test": "test"}


class Evaluator:
    """Scores splits with the weights that the model has at the moment.

    progress: called as (sentence, done rows, all rows) before every batch; may raise to interrupt.
    """

    def __init__(
        self, task: Task, forward: Forward, batch_size: int, progress: Callable[[str, int, int], None]
    ) -> None:
        self._task = task
        self._forward = forward
        self._batch_size = batch_size
        self._progress = progress
        self.headline_metric = task.headline_metric

    def rows(self, split: str) -> int:
        return len(self._forward.prepared.datasets.get(split, ()))

    def predict(self, split: str) -> Predictions:
        prepared, rows = self._forward.prepared, self.rows(split)
        lengths = prepared.lengths[split] if prepared.lengths else None
        logits: list[torch.Tensor] = []
        targets: list[torch.Tensor] = []
        order: list[int] = []
        loss = 0.0
        self._forward.model.eval()
        with torch.no_grad():
            for batch in evaluation_batches(rows, 2 * self._batch_size, lengths):
                self._progress(f"Scoring the {NAMES[split]} part.", len(order), rows)
                output, labels = self._forward.with_targets(split, batch)
                logits.append(output.logits.float().cpu())
                targets.append(labels.cpu())
                loss += output.loss.item() * len(batch)
                order += batch
        back = numpy.argsort(order)
        return Predictions(
            torch.cat(logits).numpy()[back], torch.cat(targets).numpy()[back], prepared.labels, loss / rows
        )

    def score(self, split: str) -> Scores:
        return self.score_of(self.predict(split))

    def score_of(self, predictions: Predictions) -> Scores:
        """The task's scores; the loss is always among the metrics."""
        scores = self._task.score(predictions)
        scores.metrics.setdefault("loss", predictions.loss)
        return scores


def is_better(
    headline_metric: str, candidate: tuple[float, float], best: tuple[float, float], least: float = 0.0
) -> bool:
    """Whether (headline metric, loss) beats the best: of `loss` the smaller is better, of all else the larger.

    With `least` above zero the headline metric itself has to be better by more than that.
    """
    sign = -1.0 if headline_metric == "loss" else 1.0
    if least > 0:
        return sign * (candidate[0] - best[0]) > least
    if headline_metric == "loss":
        return candidate[1] < best[1]
    return (candidate[0], -candidate[1]) > (best[0], -best[1])
