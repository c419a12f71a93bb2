"""Schedule-free training: the weights that are scored and kept are a mean that the optimizer holds."""

from studio.engine.callbacks.base import Callback
from studio.engine.loop import Loop


class ScheduleFree(Callback):
    """Tells the optimizer when its mean is looked at (Defazio et al. 2024, arXiv:2405.15682)."""

    name = "schedule-free"

    def on_train_begin(self, loop: Loop) -> None:
        loop.optimizer.train()  # type: ignore[attr-defined]  # Accelerate's wrapper passes it on

    def on_evaluation_begin(self, loop: Loop) -> None:
        loop.optimizer.eval()  # type: ignore[attr-defined]

    def on_evaluation_end(self, loop: Loop) -> None:
        loop.optimizer.train()  # type: ignore[attr-defined]

    def on_train_end(self, loop: Loop) -> None:
        if loop.state.ended:
            loop.optimizer.eval()  # type: ignore[attr-defined]
