"""What a strategy is: which parameters train, told in advance from names and shapes, then done to a model.

A strategy is one file here and one line in `studio.strategies`. `preview` runs in the UI process and
must not import torch or peft; `apply` runs in a worker.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.errors import StudioError
from studio.models.structure import Structure
from studio.options import Options

if TYPE_CHECKING:
    from torch import nn


GROUPS = ("Parts of the model itself", "Small adapters beside it", "Prompts before the words", "For comparison")
ANOTHER = "Choose another way of training."


@dataclass(frozen=True)
class Preview:
    """What would train. `blocks` says for each block of the structure, bottom first, what happens to it.

    rates: factors of the learning rate for embeddings, every block, and head; empty means 1 for all.
    stages: for the same layers, in which stage of the course they begin to learn; empty means from the start.
    saved_bytes: memory that the weights take less than in single precision.
    """

    trainable: int
    total: int
    embeddings: str  # "frozen" | "trained" | "adapted"
    blocks: tuple[str, ...]
    rates: tuple[float, ...] = ()
    stages: tuple[int, ...] = ()
    saved_bytes: int = 0

    def saving(self, saved_bytes: int) -> "Preview":
        return replace(self, saved_bytes=saved_bytes)

    @property
    def lowest_trained_block(self) -> int:
        """Index of the first block that is not frozen, or the number of blocks: what lies below runs forward only."""
        for index, state in enumerate(self.blocks):
            if state != "frozen":
                return 0 if self.embeddings != "frozen" else index
        return len(self.blocks)


Loading = Callable[[Structure], Mapping[str, Any]]
"""The structure of a model that will be loaded -> arguments of `from_pretrained`, such as its quantization_config."""


@dataclass(frozen=True)
class Stage:
    """title: what begins to learn, in words. joins: names of its parameters. rate: a factor of every learning rate
    while this stage lasts."""

    title: str
    joins: frozenset[str]
    rate: float = 1.0


@dataclass(frozen=True)
class Course:
    """Parts of a model that begin to learn one after another.

    every, amount: the next stage begins after so many epochs or steps, or after so many checks of the validation part
    without improvement ("plateau"); with "share" the stages begin at even distances, and the last one when `amount` of
    all steps are made. rewarm: steps over which the rate of what has just joined rises from zero.
    rollback: go back to the best weights, and let no further part join, where a stage made the metric worse.
    """

    stages: tuple[Stage, ...]
    every: Literal["share", "epochs", "steps", "plateau"]
    amount: float
    rewarm: int = 0
    rollback: bool = False

    def begins(self, stage: int) -> float:
        """When it begins, if nothing but time decides: epochs, steps, or the share of all steps."""
        return self.amount * stage / (max(1, len(self.stages) - 1) if self.every == "share" else 1)


class Strategy:
    """The contract; what most strategies have no need for answers with "nothing" here."""

    name: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]  # one sentence for a person who has never trained a model
    group: ClassVar[str] = GROUPS[0]  # under which heading its card stands
    default_learning_rate: ClassVar[float]
    Options: ClassVar[type[Options]] = Options

    def why_not(self, structure: Structure) -> str | None:
        """A sentence why this model cannot be trained so, or None when it can."""
        return None

    def check(self, structure: Structure) -> None:
        """Raises StudioError with the reason where this model cannot be trained so."""
        if reason := self.why_not(structure):
            raise StudioError(f"{self.title} does not fit this model.", reason, ANOTHER)

    def why_not_here(self) -> str:
        """A sentence why this machine cannot train so, or "" when it can."""
        return ""

    def check_here(self) -> None:
        """Raises StudioError with the reason where this machine cannot train so."""
        if reason := self.why_not_here():
            raise StudioError(f"{self.title} cannot be used here.", reason, ANOTHER)

    def learning_rate(self, options: Any) -> float:
        """The recommended learning rate under AdamW; `default_learning_rate` is the one of default options."""
        return self.default_learning_rate

    def preview(self, structure: Structure, options: Any) -> Preview:
        raise NotImplementedError

    def loading(self, options: Any) -> Loading | None:
        """How the pretrained model is to be loaded, where that is not as usual."""
        return None

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """Set requires_grad (or wrap with peft) so that exactly the previewed parameters train."""
        raise NotImplementedError

    def rates(self, model: "nn.Module", structure: Structure, options: Any) -> Mapping[str, float]:
        """Factors of the learning rate, by the names of the applied model's parameters; 1 where a name is missing."""
        return {}

    def course(self, structure: Structure, options: Any) -> Course | None:
        """In which order parts join, where not all train from the start. Names as in the structure."""
        return None

    def renews(self, structure: Structure, options: Any) -> Collection[str]:
        """Parameters that `apply` begins anew, so that "before training" is not the pretrained model."""
        return ()
