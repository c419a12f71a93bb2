"""Train the biases alone (Ben Zaken et al. 2022, arXiv:2106.10199)."""

from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.strategies.families import FAMILIES
from studio.strategies.freeze import normalisation
from studio.strategies.selection import Selection, everything, new_part


class BitFit(Selection):
    name = "bitfit"
    family = FAMILIES["selective"]
    title = "BitFit"
    plain = _("only the biases")
    sentence = _("Only the numbers that are added in each layer learn, one weight in a thousand, and the new head.")
    default_learning_rate = 1e-3

    def why_not(self, structure: Structure) -> str | None:
        if not _biases(structure):
            return _("The layers of this model have no biases.")
        return None

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return (_biases(structure) | new_part(structure)) & everything(structure)


def _biases(structure: Structure) -> frozenset[str]:
    """As in the paper, the shifts of layer normalisation are biases too; where there are only those, there are none."""
    inside = {name for name in (*structure.embeddings, *structure.body, *structure.tail) if name.endswith("bias")}
    inside = {name for name in inside if len(structure.shapes[name]) == 1}
    return frozenset(inside) if inside - normalisation(structure) else frozenset()
