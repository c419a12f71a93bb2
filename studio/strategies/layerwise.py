"""Train everything, the lower the more gently: layer-wise decay of the learning rate.

Discriminative fine-tuning in ULMFiT (Howard and Ruder 2018, arXiv:1801.06146); per block as in ELECTRA and BEiT.
"""

from collections.abc import Sequence
from typing import Any

from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.selection import Selection, everything


class LayerwiseOptions(BaseOptions):
    decay: float = setting(
        0.8,
        title=_("Rate of each block, as a share of the one above (decay)"),
        help=_("1 lets all learn equally fast; the smaller, the less the lower blocks move."),
        gt=0,
        le=1,
        advanced=False,
    )


class Layerwise(Selection):
    name = "layerwise"
    title = _("Layer-wise learning rates")
    plain = _("everything, the lower the slower")
    sentence = _("All weights learn; lower blocks, which know the most general things, take smaller steps.")
    default_learning_rate = 2e-4
    Options = LayerwiseOptions

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        return everything(structure)

    def layer_rates(self, structure: Structure, options: Any) -> Sequence[float]:
        return decaying(structure, options.decay)


def decaying(structure: Structure, decay: float) -> tuple[float, ...]:
    """decay to the power of how far a layer is from the head, whose rate is 1: embeddings, blocks, head."""
    count = len(structure.blocks) + 1
    return tuple(decay ** (count - index) for index in range(count + 1))
