"""The schedule that looks at the validation split: smaller steps whenever it stops improving."""

from typing import Any

from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop
from studio.engine.reporting import Reporter
from studio.language import _


class ReduceOnPlateau(Callback):
    """Counts as torch.optim.lr_scheduler.ReduceLROnPlateau does: more than `patience` checks in a row without a new
    best leave `factor` of the learning rate."""

    name = "plateau"

    def __init__(self, reporter: Reporter, factor: float, patience: int) -> None:
        self._reporter = reporter
        self._factor = factor
        self._patience = patience
        self._left = 1.0
        self._without_gain = 0

    def on_step_begin(self, loop: Loop) -> None:
        for group in loop.optimizer.param_groups:
            group["lr"] *= self._left

    def on_evaluated(self, loop: Loop, is_best: bool) -> None:
        if loop.state.step == 0:
            return
        self._without_gain = 0 if is_best else self._without_gain + 1
        if self._without_gain > self._patience:
            self._left *= self._factor
            self._without_gain = 0
            self._reporter.note(
                _(
                    "No improvement for a while: the learning rate falls to {share:.2g} of its peak.",
                    share=self._left,
                )
            )

    def state(self) -> dict[str, Any]:
        return {"left": self._left, "without_gain": self._without_gain}

    def restore(self, state: dict[str, Any]) -> None:
        self._left, self._without_gain = state["left"], state["without_gain"]
