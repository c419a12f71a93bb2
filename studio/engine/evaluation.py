"""Answers to a whole split, in the table's order, and what the task makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas
import torch

from studio.engine import ranks
from studio.engine.batching import evaluation_batches
from studio.engine.examples import AHEAD, ROWS_AT_ONCE
from studio.engine.forward import Forward
from studio.language import _
from studio.metrics import METRICS
from studio.tasks.base import Answer, Loss, Marks, Row, Scores
from studio.tasks.rows import parse_rows

SCORING = {
    "train": _("Scoring the training split."),
    "validation": _("Scoring the validation split."),
    "test": _("Scoring the test split."),
}
GENERATED_WHILE_TRAINING = 64  # rows of the validation split that a slow task answers at every check
SHOWN_WHILE_TRAINING = 3  # of what it wrote


@dataclass(frozen=True)
class Examined:
    """A split's scores, and for each of its rows, in the table's order, the answer and its marks."""

    scores: Scores
    answers: list[Answer]
    marks: list[Marks]


class Evaluator:
    """Scores splits with the weights that the model has at the moment.

    table: the assembled rows, for what is right. files: where images lie.
    progress: called as (sentence, done rows, all rows) before every batch; may raise to interrupt.
    """

    def __init__(
        self,
        forward: Forward,
        table: pandas.DataFrame,
        files: Any,
        batch_size: int,
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._forward = forward
        self._rows = {str(split): rows for split, rows in table.groupby("split", sort=False)}
        self._files = files
        self._batch_size = batch_size
        self._progress = progress
        self.headline = METRICS[forward.task.headline]

    def rows(self, split: str) -> int:
        return len(self._forward.prepared.examples.get(split, ()))

    def settle(self, split: str) -> None:
        """Let the task decide what it decides by the answers to this split, where it does."""
        task, tools = self._forward.task, self._forward.prepared.tools
        if not task.settles(tools):
            return
        rows = self.rows(split)
        answers = self.examine(split).answers if rows else []
        task.settle(tools, answers, self._targets(split, range(rows)) if rows else [])

    def score(self, split: str) -> Scores:
        """The metrics of a check while training: the loss of all rows, and where answering is slow the answers to a
        sample of them, the same every time."""
        return self.check(split)[0]

    def check(self, split: str) -> tuple[Scores, tuple[str, ...]]:
        """The same, and a few of the texts that the model writes, of a task that writes some."""
        if "generates" not in self._forward.task.traits:
            return self.examine(split).scores, ()
        found = self.examine(split, GENERATED_WHILE_TRAINING)
        return found.scores, tuple(str(answer.value) for answer in found.answers[:SHOWN_WHILE_TRAINING])

    def examine(self, split: str, sample: int | None = None) -> Examined:
        """Every row's answer. sample: answer only so many rows, evenly spread; the loss is of all."""
        forward, count = self._forward, self.rows(split)
        examples = forward.prepared.examples[split]
        answered = set(range(count) if sample is None else range(0, count, max(1, count // sample)))
        found: list[tuple[list[int], list[Answer]]] = []
        total, units = 0.0, 0.0
        batches = ranks.share(evaluation_batches(count, 2 * self._batch_size, examples.lengths))
        forward.model.eval()
        with torch.no_grad():
            for number, batch in enumerate(batches):
                self._progress(SCORING[split], number * count // len(batches), count)
                forward.prefetch(split, batches[number : number + AHEAD])
                loss, chosen, answers = self._answer(split, batch, answered)
                total, units = total + float(loss.total), units + float(loss.units)
                found.append((chosen, answers))
        total, units = ranks.summed(total, units, device=forward.device)
        return self._judge(split, ranks.gathered(found), total / max(units, 1e-12))

    def _answer(self, split: str, batch: list[int], answered: set[int]) -> tuple[Loss, list[int], list[Answer]]:
        """The loss of the batch, and the answers to those of its rows that shall be answered."""
        chosen = [row for row in batch if row in answered]
        if len(chosen) == len(batch):
            loss, answers = self._forward.answers(split, batch)
            return loss, chosen, answers
        answers = self._forward.answers(split, chosen)[1] if chosen else []
        return self._forward(split, batch), chosen, answers

    def _judge(self, split: str, found: list[tuple[list[int], list[Answer]]], loss: float) -> Examined:
        """The scores of all answers, in the table's order."""
        said = {row: answer for rows, some in found for row, answer in zip(rows, some, strict=True)}
        order, marks = sorted(said), list[Marks]()
        all_said = [said[row] for row in order]
        known = [*all_said, *self._forward.answers_alongside(2 * self._batch_size)]
        answers = dict(zip(order, self._forward.task.conclude(all_said, known), strict=True))
        scorer = self._forward.task.scorer(self._forward.prepared.tools)
        for start in range(0, len(order), ROWS_AT_ONCE):
            some = order[start : start + ROWS_AT_ONCE]
            marks += scorer.add([answers[row] for row in some], self._targets(split, some))
        scores = scorer.scores()
        scores.metrics.setdefault("loss", loss)
        scores.metrics.update(self._forward.task.metrics_of(loss))
        return Examined(scores, [answers[row] for row in order], marks)

    def _targets(self, split: str, rows: Sequence[int]) -> list[Row]:
        return parse_rows(self._rows[split].iloc[list(rows)], self._forward.task.columns, self._files)


def is_better(
    headline: str, candidate: tuple[float, float], best: tuple[float, float], by_more_than: float = 0.0
) -> bool:
    """Whether (headline metric, loss) beats the best. With an equal headline metric the smaller loss decides.

    With `by_more_than` above zero the headline metric itself has to be better by more than that.
    """
    metric = METRICS[headline]
    if metric.is_better(candidate[0], best[0], by_more_than):
        return True
    return by_more_than == 0 and candidate[0] == best[0] and candidate[1] < best[1]
