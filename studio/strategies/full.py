"""Train every weight."""

from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.strategies.selection import Selection, everything


class Full(Selection):
    name = "full"
    title = _("Full fine-tuning")
    plain = _("everything learns")
    sentence = _(
        "Every weight of the model learns from your data: the most accurate with enough examples, and the slowest."
    )
    default_learning_rate = 5e-5

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return everything(structure)
