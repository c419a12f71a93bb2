"""A linear probe first, then everything, as one run (Kumar et al. 2022, arXiv:2202.10054).

A new head that knows nothing sends senseless gradients into the pretrained layers and distorts them; one that was
trained alone before does not.
"""

from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.base import Stage, UnfreezingPlan
from studio.strategies.families import FAMILIES
from studio.strategies.selection import (
    NO_HEAD,
    NOT_SOLVABLE,
    HeadLearns,
    Selection,
    everything,
    new_part,
    solvable_layer,
)


class ProbeOptions(BaseOptions):
    head: HeadLearns = setting(
        "gradient-descent",
        title=_("How the head learns"),
        help=_(
            "Step by step (gradient-descent), or its best weights computed in the first step (solve), after which "
            "everything joins. Needs one class for each example."
        ),
        advanced=False,
    )
    probe: float = setting(
        0.25,
        title=_("Share for the head alone (linear probe)"),
        help=_("In this share of the training only the new head learns; in the rest everything does."),
        gt=0,
        lt=1,
        shown_if={"head": "gradient-descent"},
        advanced=False,
    )
    probe_rate: float = setting(
        10.0,
        title=_("How much faster the head learns alone"),
        help=_("While only the head learns, the learning rate is multiplied by this."),
        gt=0,
        le=1000,
        shown_if={"head": "gradient-descent"},
    )
    rewarm: int = setting(
        20,
        title=_("Steps to warm up the rest"),
        help=_("When everything joins, its learning rate rises from zero over so many steps."),
        ge=0,
        le=100_000,
    )


class ProbeThenFull(Selection):
    name = "lp-ft"
    family = FAMILIES["stepwise"]
    title = "LP-FT"
    plain = _("the head first, then everything")
    use = _("Some hundred examples of classes that are new to the model.")
    sentence = _("First only the new head learns; then everything does, from a head that already knows what it wants.")
    default_learning_rate = 1e-4
    Options = ProbeOptions

    def why_not(self, structure: Structure) -> str | None:
        return None if new_part(structure) else NO_HEAD

    def why_not_with(self, structure: Structure, options: Any) -> str | None:
        if structure.head and self.solves_head(options) and not solvable_layer(structure):
            return NOT_SOLVABLE
        return self.why_not(structure)

    def solves_head(self, options: Any) -> bool:
        return bool(options.head == "solve")

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return everything(structure)

    def unfreezing_plan(self, structure: Structure, options: Any) -> UnfreezingPlan:
        solves = self.solves_head(options)
        head = solvable_layer(structure) if solves else new_part(structure)
        rest = everything(structure) - head
        stages = (Stage(_("the head"), head, options.probe_rate), Stage(_("everything"), rest))
        if solves:
            return UnfreezingPlan(stages, "steps", 1, options.rewarm)
        return UnfreezingPlan(stages, "share", options.probe, options.rewarm)
