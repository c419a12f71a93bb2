"""When to save: after so many seconds, after each evaluation, and before leaving for Pause."""

import time

from studio.engine import ranks
from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.checkpoint import Checkpoints
from studio.engine.loop import Loop
from studio.engine.reporting import Reporter
from studio.events import CheckpointSaved


class SaveCheckpoints(Callback):
    """Comes last in the list of callbacks, so that what the others did in this step is in the checkpoint."""

    def __init__(self, checkpoints: Checkpoints, reporter: Reporter, seconds: float) -> None:
        self._checkpoints = checkpoints
        self._reporter = reporter
        self._seconds = seconds
        self._last_time = time.monotonic()
        self._evaluated = False
        self._saved_step = -1

    def on_train_begin(self, loop: Loop) -> None:
        self._last_time = time.monotonic()

    def on_evaluated(self, loop: Loop, is_best: bool) -> None:
        self._evaluated = loop.state.step > 0
        if is_best:
            self._checkpoints.save_best(loop)

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        is_late = ranks.agreed(time.monotonic() - self._last_time >= self._seconds)
        if self._evaluated or loop.is_leaving or is_late:
            self._save(loop)

    def on_train_end(self, loop: Loop) -> None:
        """Pause may come between two steps."""
        if loop.pausing and 0 < loop.state.step != self._saved_step:
            self._save(loop)

    def _save(self, loop: Loop) -> None:
        self._checkpoints.save(loop)
        self._evaluated, self._last_time, self._saved_step = False, time.monotonic(), loop.state.step
        self._reporter.emit(CheckpointSaved(step=loop.state.step))
