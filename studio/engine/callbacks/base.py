"""What a callback may react to. The loop calls these in the order that `studio.engine.callbacks.order` fixes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import torch

    from studio.engine.loop import Loop


@dataclass(frozen=True)
class StepResult:
    """One optimizer step that was just made."""

    loss: float
    examples: int
    learning_rate: float


class Callback:
    """Reacts to the moments of a training. What it must remember over Pause goes through `state` and `restore`.

    What several callbacks look at stands in the loop's own state, such as the best step; what one asks of another it
    is given when it is made. None reads what another one stores.

    name: under which checkpoints keep what it remembers, so it stays whatever becomes of the class's name.
    """

    name: ClassVar[str]

    def on_train_begin(self, loop: "Loop") -> None:
        """Before the first step of this process, after a checkpoint was restored."""

    def on_step_begin(self, loop: "Loop") -> None:
        """Before an optimizer step, with its learning rates in the optimizer's groups."""

    def on_gradients(self, loop: "Loop") -> None:
        """The gradients of a step are whole, and not clipped yet."""

    def on_update(self, loop: "Loop") -> None:
        """The weights have moved, and the gradients that moved them are still there."""

    def on_step_end(self, loop: "Loop", result: StepResult) -> None:
        """After every optimizer step."""

    def on_evaluation_begin(self, loop: "Loop") -> None:
        """Before the validation split is scored: the weights may be exchanged for those to be scored and kept."""

    def on_evaluation_end(self, loop: "Loop") -> None:
        """After it was scored, and the best weights were kept: back to the weights that are trained. The last
        callback comes first here, so that each finds the weights as it left them."""

    def on_evaluated(self, loop: "Loop", is_best: bool) -> None:
        """After the validation split was scored with the present weights."""

    def on_epoch_end(self, loop: "Loop") -> None:
        """After the last batch of an epoch."""

    def on_train_end(self, loop: "Loop") -> None:
        """After the last step of this process, whatever ended it except an error."""

    def state(self) -> dict[str, Any]:
        """Plain values, stored as JSON in every checkpoint."""
        return {}

    def restore(self, state: dict[str, Any]) -> None: ...

    def tensors(self) -> "dict[str, torch.Tensor]":
        """Tensors to be stored in every checkpoint, by names of the callback's own."""
        return {}

    def restore_tensors(self, tensors: "dict[str, torch.Tensor]") -> None: ...
