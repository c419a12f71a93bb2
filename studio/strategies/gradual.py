"""Train the head first, then one block after another from the top (gradual unfreezing).

ULMFiT (Howard and Ruder 2018, arXiv:1801.06146): what is near the classes adapts first, and what is general is moved
last and least, so that less of it is forgotten.
"""

from collections.abc import Sequence
from typing import Any, Literal

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.base import Stage, UnfreezingPlan
from studio.strategies.families import FAMILIES
from studio.strategies.layerwise import decaying
from studio.strategies.selection import Selection, everything, new_part

HEAD_ALONE = 5.0  # times the learning rate, as long as nothing but the new head learns


class GradualOptions(BaseOptions):
    every: Literal["share", "epochs", "steps", "plateau"] = setting(
        "share",
        title=_("When the next blocks join"),
        help=_(
            "At even distances over a share of the training, after so many passes (epochs), after so many steps, or "
            "when the validation split stops improving (plateau)."
        ),
        advanced=False,
    )
    until: float = setting(
        0.3,
        title=_("All have joined after this share"),
        help=_("0.3 lets all of the model learn during the last 70% of the training."),
        gt=0,
        lt=1,
        shown_if={"every": "share"},
        advanced=False,
    )
    amount: int = setting(
        1,
        title=_("How many of these"),
        help=_("Passes, steps, or checks without improvement before the next blocks join."),
        ge=1,
        le=100_000,
        shown_if={"every": ("epochs", "steps", "plateau")},
        advanced=False,
    )
    blocks_at_a_time: int = setting(
        1,
        title=_("Blocks that join at a time"),
        help=_("More blocks at a time need fewer passes until all of the model learns."),
        ge=1,
        le=200,
        advanced=False,
    )
    most_blocks: int = setting(
        0, title=_("Blocks to train at most"), help=_("0 goes on down to the input layer."), ge=0, le=200
    )
    decay: float = setting(
        0.8,
        title=_("Rate of each block, as a share of the one above (decay)"),
        help=_("Discriminative learning rates: 1 lets all blocks learn equally fast; ULMFiT has 0.38."),
        gt=0,
        le=1,
    )
    rewarm: int = setting(
        20,
        title=_("Steps to warm up what has just joined"),
        help=_("The learning rate of a block that joins rises from zero over so many steps."),
        ge=0,
        le=100_000,
    )
    rollback: bool = setting(
        False,
        title=_("Go back when it hurts (rollback)"),
        help=_("When the validation split got worse with a block, the best weights are restored and no more join."),
    )


class Gradual(Selection):
    name = "gradual"
    family = FAMILIES["stepwise"]
    title = _("Gradual unfreezing")
    plain = _("one block after another")
    sentence = _(
        "The head learns first, then the blocks join from the top, so that less of what the model knows is lost."
    )
    default_learning_rate = 2e-4
    Options = GradualOptions

    def why_not(self, structure: Structure) -> str | None:
        return None if structure.blocks else _("No blocks that could join one by one were found in this model.")

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        unfreezing_plan = self.unfreezing_plan(structure, options)
        return frozenset().union(*(stage.unfreezes for stage in unfreezing_plan.stages))

    def layer_rates(self, structure: Structure, options: Any) -> Sequence[float]:
        return decaying(structure, options.decay)

    def unfreezing_plan(self, structure: Structure, options: Any) -> UnfreezingPlan:
        blocks = list(enumerate(structure.blocks, start=1))[::-1]
        wanted = blocks[: options.most_blocks] if options.most_blocks else blocks
        head = new_part(structure)
        stages = [Stage(_("the head"), head, HEAD_ALONE)] if head else []
        for start in range(0, len(wanted), options.blocks_at_a_time):
            group = wanted[start : start + options.blocks_at_a_time]
            names = {name for _number, block in group for name in block}
            names |= set(structure.tail) if start == 0 else set()
            stages.append(Stage(_called([number for number, _block in group]), frozenset(names)))
        if len(wanted) == len(blocks) and structure.embeddings:
            stages.append(Stage(_("the input layer"), frozenset(structure.embeddings)))
        allowed, seen = everything(structure), set[str]()
        ordered = []
        for stage in stages:
            ordered.append(Stage(stage.title, (stage.unfreezes & allowed) - seen))
            seen |= stage.unfreezes
        amount = options.until if options.every == "share" else options.amount
        return UnfreezingPlan(tuple(ordered), options.every, amount, options.rewarm, options.rollback)


def _called(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return _("block {number}", number=numbers[0])
    return _("blocks {first} to {last}", first=min(numbers), last=max(numbers))
