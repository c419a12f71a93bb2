"""What a strategy is: which parameters train, told in advance from names and shapes, then done to a model.

A strategy is one file here and one line in `studio.strategies`. `preview` runs in the UI process and
must not import torch or peft; `apply` runs in a worker.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from studio.models.structure import Structure
from studio.options import Options

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Preview:
    """What would train. `blocks` says for each block of the structure, bottom first, what happens to it."""

    trainable: int
    total: int
    embeddings: str  # "frozen" | "trained" | "adapted"
    blocks: tuple[str, ...]

    @property
    def lowest_trained_block(self) -> int:
        """Index of the first block that is not frozen, or the number of blocks: what lies below runs forward only."""
        for index, state in enumerate(self.blocks):
            if state != "frozen":
                return 0 if self.embeddings != "frozen" else index
        return len(self.blocks)


class Strategy(Protocol):
    name: str
    title: str
    sentence: str  # one sentence for a person who has never trained a model
    default_learning_rate: float
    Options: type[Options]

    def why_not(self, structure: Structure) -> str | None:
        """A sentence why this model cannot be trained so, or None when it can."""
        ...

    def learning_rate(self, options: Any) -> float:
        """The recommended learning rate under AdamW; `default_learning_rate` is the one of default options."""
        ...

    def preview(self, structure: Structure, options: Any) -> Preview: ...

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """Set requires_grad (or wrap with peft) so that exactly the previewed parameters train."""
        ...
