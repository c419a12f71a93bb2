"""Step events: loss, speed, memory and time left; ten a second, later fewer, never fewer than make a curve."""

import time
from typing import Any

import psutil
import torch

from studio.engine.callbacks.base import Callback, StepResult
from studio.engine.loop import Loop
from studio.engine.reporting import Reporter, seconds_between
from studio.events import Step

SECONDS_BETWEEN_EVENTS = 0.1  # at first, see `seconds_between`
LEAST_POINTS = 200  # of a whole run, however fast it is
SMOOTHING_SECONDS = 5.0  # speed is averaged over about this long


class Progress(Callback):
    name = "progress"

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._loss_sum = 0.0
        self._steps = 0
        self._learning_rate = 0.0
        self._last_event = 0.0
        self._last_step = 0.0
        self._seconds_before = 0.0  # of training, in earlier lives
        self._began: float | None = None
        self._seconds_per_step: float | None = None
        self._examples_per_second = 0.0
        self._evaluation_seconds = 0.0

    def on_train_begin(self, loop: Loop) -> None:
        self._last_event = self._last_step = self._began = time.monotonic()

    def on_step_end(self, loop: Loop, result: StepResult) -> None:
        now = time.monotonic()
        self._loss_sum += result.loss
        self._steps += 1
        self._learning_rate = result.learning_rate
        self._measure(now - self._last_step, result.examples)
        self._last_step = now
        total, step = loop.plan.total_steps, loop.state.step
        due = step % max(1, total // LEAST_POINTS) == 0 or step == total
        if due or now - self._last_event >= seconds_between(SECONDS_BETWEEN_EVENTS, self._elapsed(now)):
            self._emit(loop)
            self._last_event = now

    def on_evaluated(self, loop: Loop, is_best: bool) -> None:
        now = time.monotonic()
        if loop.state.step:
            self._evaluation_seconds = now - self._last_step
        self._last_step = self._last_event = now

    def on_train_end(self, loop: Loop) -> None:
        """The last steps of a training that ended early; after Pause they belong to the next point of the curve."""
        if loop.state.ended and self._steps:
            self._emit(loop)

    def _elapsed(self, now: float) -> float:
        """Seconds of training, over all lives of the run."""
        return self._seconds_before + (now - self._began if self._began is not None else 0.0)

    def _measure(self, seconds: float, examples: int) -> None:
        """Exponential averages in time, so that fast and slow machines are smoothed alike."""
        weight = min(1.0, seconds / SMOOTHING_SECONDS)
        if self._seconds_per_step is None:
            self._seconds_per_step, self._examples_per_second = seconds, examples / max(seconds, 1e-9)
        else:
            self._seconds_per_step += weight * (seconds - self._seconds_per_step)
            self._examples_per_second += weight * (examples / max(seconds, 1e-9) - self._examples_per_second)

    def _emit(self, loop: Loop) -> None:
        plan, state = loop.plan, loop.state
        evaluations_left = (plan.epochs - state.epoch) * len(plan.marks) - sum(m <= state.batch for m in plan.marks)
        steps_left = plan.total_steps - state.step
        seconds_left = steps_left * (self._seconds_per_step or 0.0) + evaluations_left * self._evaluation_seconds
        self._reporter.emit(
            Step(
                step=state.step,
                epoch=round(state.epoch + state.batch / plan.steps_per_epoch, 4),
                loss=self._loss_sum / self._steps,
                learning_rate=self._learning_rate,
                examples_per_second=round(self._examples_per_second, 2),
                memory_bytes=used_memory_bytes(loop.device),
                seconds_left=round(seconds_left, 1),
            )
        )
        self._loss_sum, self._steps = 0.0, 0

    def state(self) -> dict[str, Any]:
        """The steps behind the last event: their loss belongs to the next point of the curve."""
        return {"loss_sum": self._loss_sum, "steps": self._steps, "seconds": self._elapsed(time.monotonic())}

    def restore(self, state: dict[str, Any]) -> None:
        self._loss_sum, self._steps = state["loss_sum"], state["steps"]
        self._seconds_before = state.get("seconds", 0.0)  # checkpoints of earlier versions hold none


def used_memory_bytes(device: torch.device) -> int:
    """What training holds on its device: CUDA's own count, or this process's resident memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    return int(psutil.Process().memory_info().rss)
