"""What a strategy is: which parameters train, previewed from names and shapes, then applied to a model.

A strategy is one file here and one line in `studio.strategies`. `preview` and `loading_code` run in the UI process and
must not import torch or peft; `apply`, `save`, `load` and `merge` run in a worker or inference process.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.models.structure import Structure
from studio.options import Options
from studio.strategies.families import FAMILIES, Family

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


ANOTHER = _("Choose another method.")


@dataclass(frozen=True)
class Preview:
    """What would train. `blocks` says for each block of the structure, bottom first, what happens to it, and `head`
    for what lies above them (see `studio.strategies.selection.layers_of`).

    rates: factors of the learning rate for embeddings, every block, and head; empty means 1 for all.
    stages: for the same layers, in which stage of unfreezing they begin to learn; empty means from the start.
    quantised, quantised_bytes: how many numbers of the frozen weights are held in few bits, and what they take.
    """

    trainable: int
    total: int
    embeddings: str  # "frozen" | "trained" | "adapted"
    blocks: tuple[str, ...]
    head: str
    rates: tuple[float, ...] = ()
    stages: tuple[int, ...] = ()
    quantised: int = 0
    quantised_bytes: int = 0

    @property
    def lowest_trained_block(self) -> int:
        """Index of the first block that gradients reach, or the number of blocks: what lies below runs forward only."""
        if self.embeddings != "frozen":
            return 0
        learns = (index for index, state in enumerate(self.blocks) if state != "frozen")
        return next(learns, len(self.blocks))


@dataclass(frozen=True)
class Loading:
    """How a pretrained model's weights are held from the moment they are read.

    dtype: the number format, in torch's words, of all that are not quantised.
    quantisation: the structure that the model will have -> transformers' quantization_config; None without any.
    """

    dtype: str = "float32"
    quantisation: Callable[[Structure], Any] | None = None


PLAIN = Loading()  # nothing is rounded


@dataclass(frozen=True)
class Stage:
    """title: what begins to learn, in words. unfreezes: names of its parameters. rate: a factor of every learning rate
    while this stage lasts."""

    title: str
    unfreezes: frozenset[str]
    rate: float = 1.0


@dataclass(frozen=True)
class UnfreezingPlan:
    """Stages in which a model is unfrozen, one after another.

    every, amount: the next stage begins after so many epochs or steps, or after so many checks of the validation split
    without improvement ("plateau"); with "share" the stages begin at even distances, and the last one when `amount` of
    all steps are made. rewarm: steps over which the learning rate of a newly unfrozen stage rises from zero.
    rollback: go back to the best weights, and unfreeze no further stage, where a stage made the metric worse.
    """

    stages: tuple[Stage, ...]
    every: Literal["share", "epochs", "steps", "plateau"]
    amount: float
    rewarm: int = 0
    rollback: bool = False

    def begins(self, stage: int) -> float:
        """When it begins, if nothing but time decides: epochs, steps, or the share of all steps."""
        return self.amount * stage / (max(1, len(self.stages) - 1) if self.every == "share" else 1)


@dataclass(frozen=True)
class LoadingCode:
    """How a saved model is loaded where there is no studio, as lines of Python for its card.

    library: what the Hub says that it needs. tags: further ones for the Hub. imports: whole lines.
    names: what is imported from transformers beside the classes of model and processor. lines: end with a `model`.
    """

    library: str
    imports: tuple[str, ...]
    names: tuple[str, ...]
    lines: tuple[str, ...]
    tags: tuple[str, ...] = ()


class Strategy:
    """The contract; what most strategies have no need for answers with "nothing" here."""

    name: ClassVar[str]
    title: ClassVar[str]  # the name by which the field knows it: its only name, wherever people read it
    plain: ClassVar[str]  # the same in plain words, which stand behind it
    sentence: ClassVar[str]  # one sentence for a person who has never trained a model
    family: ClassVar[Family] = FAMILIES["full"]
    use: ClassVar[str] = ""  # when to choose it, where the family does not say it
    avoid: ClassVar[str] = ""  # and when not
    default_learning_rate: ClassVar[float]
    Options: ClassVar[type[Options]] = Options
    own_files: ClassVar[tuple[str, ...]] = ()  # patterns of what `save` writes beside a whole model's files

    def why_not(self, structure: Structure) -> str | None:
        """A sentence why this model cannot be trained so, or None when it can."""
        return None

    def why_not_with(self, structure: Structure, options: Any) -> str | None:
        """The same for given settings."""
        return self.why_not(structure)

    def why_not_task(self, kind: ModelKind) -> str | None:
        """A sentence why no model of this kind can be trained so, or None when some can."""
        return None

    def check(self, structure: Structure, options: Any, kind: ModelKind | None = None) -> None:
        """Raises StudioError with the reason where this model cannot be trained so with these settings. kind: what the
        task asks of it, where that is known."""
        if reason := (kind and self.why_not_task(kind)) or self.why_not_with(structure, options):
            raise StudioError(_("{method} does not fit this model.", method=self.title), reason, ANOTHER)

    def why_not_here(self) -> str:
        """A sentence why this machine cannot train so, or "" when it can."""
        return ""

    def check_here(self) -> None:
        """Raises StudioError with the reason where this machine cannot train so."""
        if reason := self.why_not_here():
            raise StudioError(_("{method} cannot be used here.", method=self.title), reason, ANOTHER)

    def learning_rate(self, options: Any) -> float:
        """The recommended learning rate under AdamW; `default_learning_rate` is the one of default options."""
        return self.default_learning_rate

    def preview(self, structure: Structure, options: Any) -> Preview:
        raise NotImplementedError

    def loading(self, options: Any) -> Loading:
        """How the pretrained model is loaded for training."""
        return PLAIN

    def loading_on(self, device: str, options: Any) -> Loading:
        """How it is loaded to answer on a device: as for training, without quantisation where that cannot be had."""
        return self.loading(options)

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """Set requires_grad (or wrap with peft) so that exactly the previewed parameters train."""
        raise NotImplementedError

    def rates(self, model: "nn.Module", structure: Structure, options: Any) -> Mapping[str, float]:
        """Factors of the learning rate, by the names of the applied model's parameters; 1 where a name is missing."""
        return {}

    def unfreezing_plan(self, structure: Structure, options: Any) -> UnfreezingPlan | None:
        """The order of unfreezing, where not everything trains from the start. Names as in the structure."""
        return None

    def solves_head(self, options: Any) -> bool:
        """Whether the first step gives the head its best weights for what enters it, instead of moving it a little."""
        return False

    def is_solved(self, options: Any) -> bool:
        """Whether nothing is left to learn after that step."""
        return False

    def reinitialised(self, structure: Structure, options: Any) -> Collection[str]:
        """Parameters that `apply` re-initialises, so that "before training" is not the pretrained model."""
        return ()

    # --- what is left of it ---------------------------------------------------------------------

    def save(self, model: Any, folder: Path) -> None:
        """Write what `apply` gave and training changed, so that `load` can read it."""
        model.save_pretrained(folder)

    def load(self, build: "Callable[[Path], PreTrainedModel]", folder: Path, base: Path | None) -> Any:
        """The finished model that `save` wrote into `folder`.

        build: gives the model of the weights in a folder, with the finished one's config.
        base: the pretrained model's folder, for strategies that save only what they added; None to look for it.
        """
        return build(folder)

    def loading_code(self, model_class: str, base: str) -> LoadingCode | None:
        """The same for the model's card, or None where `pipeline` alone loads it. base: the pretrained model's id."""
        return None

    def why_not_merge(self) -> str | None:
        """A sentence why what was trained cannot become part of the pretrained model's weights, or None when it can."""
        return _("This run trained the model itself, not an adapter: the standard folder is whole already.")

    def merge(self, model: Any) -> Any:
        """What `load` gave as one plain model; only where `why_not_merge` says nothing."""
        return model
