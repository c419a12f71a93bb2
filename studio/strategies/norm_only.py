"""Train the normalisation layers alone (Frankle et al. 2021, arXiv:2003.00152)."""

from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.strategies.families import FAMILIES
from studio.strategies.freeze import normalisation
from studio.strategies.selection import Selection, everything, new_part


class NormOnly(Selection):
    name = "norm-only"
    family = FAMILIES["selective"]
    title = _("Norm layers only")
    plain = _("the scales inside each layer")
    sentence = _("Only the numbers that scale and shift what each layer says learn, and the new head.")
    default_learning_rate = 1e-3

    def why_not(self, structure: Structure) -> str | None:
        return None if normalisation(structure) else _("This model has no normalisation layers that can be trained.")

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return (normalisation(structure) | new_part(structure)) & everything(structure)
