"""Scoring the validation split during training: which weights are best, and when to stop for lack of progress."""

import math
from typing import Any

from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.evaluation import Evaluator, is_better
from studio.engine.loop import Loop
from studio.engine.reporting import Interrupted, Reporter
from studio.events import Evaluated, Phase
from studio.language import _
from studio.tasks.base import Scores


class Evaluation(Callback):
    """Evaluates at the start, at the plan's marks, and before a stopped run ends; says in the loop's state which step
    was best.

    start_counts: whether the untouched model may be the best one. It may not when its head is new: a random
    head that happens to do well on few rows is nothing that anybody wants to keep.
    patience, least_improvement: training ends after so many checks in a row, none of which was better by more than
    that than the best one at which counting began.
    """

    name = "evaluation"

    def __init__(
        self,
        evaluator: Evaluator,
        reporter: Reporter,
        patience: int,
        start_counts: bool,
        least_improvement: float = 0.0,
    ) -> None:
        self.evaluator = evaluator
        self._reporter = reporter
        self._patience = patience
        self._least = least_improvement
        self._start_counts = start_counts
        self.last_step = -1  # evaluated there
        self.best_scores: Scores | None = None  # known only where the best step was made by this process
        self._best: tuple[float, float] | None = None  # headline metric, loss
        self._to_beat: tuple[float, float] | None = None  # the last best that was better by enough
        self._without_improvement = 0

    def on_train_begin(self, loop: Loop) -> None:
        if loop.state.ended is None and self._is_due(loop):
            self._evaluate(loop)

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        if self._is_due(loop):
            self._evaluate(loop)

    def _is_due(self, loop: Loop) -> bool:
        """Also true after Pause interrupted an evaluation: it is made up for when the run resumes."""
        state = loop.state
        if loop.pausing or self.last_step >= state.step or not self.evaluator.rows("validation"):
            return False
        if loop.first_step is not None and state.step == 1:
            return True  # what it found may be the best
        return state.step == 0 or state.batch in loop.plan.marks or state.ended == "stopped"

    def _evaluate(self, loop: Loop) -> None:
        step = loop.state.step
        self._reporter.obeys = ("pause", "stop") if step == 0 else ("pause",)
        for callback in loop.callbacks:
            callback.on_evaluation_begin(loop)
        try:
            self._score(loop)
        finally:
            for callback in reversed(loop.callbacks):  # weights that were exchanged twice come back in steps, too
                callback.on_evaluation_end(loop)

    def _score(self, loop: Loop) -> None:
        step = loop.state.step
        try:
            scores, written = self.evaluator.check("validation")
        except Interrupted as interruption:
            if interruption.command == "stop":
                raise  # nothing is trained yet: the run ends without a model
            loop.pausing = True
            loop.state.ended = None
            return
        finally:
            loop.train_mode()
        self.last_step = step
        metrics = scores.metrics
        is_best = self._judge(loop, metrics)
        self.best_scores = scores if is_best else self.best_scores
        epoch = loop.state.epochs_done(loop.plan)
        self._reporter.emit(
            Evaluated(
                split="validation", step=step, epoch=epoch, metrics=finite(metrics), best=is_best, written=written
            )
        )
        if loop.state.ended is None:
            self._reporter.emit(Phase(name="training", sentence=_("Training.")))
        loop.tell_evaluated(is_best)

    def _judge(self, loop: Loop, metrics: dict[str, float]) -> bool:
        """Keep count of the best. With an equal headline metric the smaller loss is the better one."""
        step, headline = loop.state.step, self.evaluator.headline.name
        if step == 0 and not self._start_counts:
            return False
        candidate = (metrics[headline], metrics["loss"])
        is_best = self._best is None or is_better(headline, candidate, self._best)
        if is_best:
            self._best = candidate
            loop.state.best_step, loop.state.best_epoch = step, loop.state.epochs_done(loop.plan)
        if self._to_beat is None or is_better(headline, candidate, self._to_beat, self._least):
            self._to_beat, self._without_improvement = candidate, 0
            return is_best
        self._without_improvement += 1
        out_of_patience = bool(self._patience) and self._without_improvement >= self._patience
        if out_of_patience and loop.state.ended is None and step < loop.plan.total_steps:
            loop.state.ended = "early-stopping"
        return is_best

    def state(self) -> dict[str, Any]:
        return {
            "last_step": self.last_step,
            "best": self._best,
            "to_beat": self._to_beat,
            "without_improvement": self._without_improvement,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.last_step = state["last_step"]
        self._best = tuple(state["best"]) if state["best"] else None
        self._to_beat = tuple(state["to_beat"]) if state["to_beat"] else None
        self._without_improvement = state["without_improvement"]


def finite(metrics: dict[str, float]) -> dict[str, float]:
    """JSON knows no NaN: what cannot be computed is left out."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
