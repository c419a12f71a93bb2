"""Schedule-free training: the weights that are scored and kept are a mean that the optimizer holds."""

from typing import Any

from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop


class ScheduleFree(Callback):
    """Tells the optimizer when its mean is looked at (Defazio et al. 2024, arXiv:2405.15682)."""

    def __init__(self, optimizer: Any) -> None:
        """optimizer: of the package schedulefree, as it was before Accelerate wrapped it."""
        self._optimizer = optimizer

    def on_train_begin(self, loop: Loop) -> None:
        self._optimizer.train()

    def on_evaluation_begin(self, loop: Loop) -> None:
        self._optimizer.eval()

    def on_evaluation_end(self, loop: Loop) -> None:
        self._optimizer.train()

    def on_train_end(self, loop: Loop) -> None:
        if loop.state.ended:
            self._optimizer.eval()
