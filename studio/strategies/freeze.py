"""Keep the lower part of the model as it is, and train the new head and the uppermost blocks."""

from typing import TYPE_CHECKING, Any

from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.base import Preview
from studio.strategies.training import train_only

if TYPE_CHECKING:
    from torch import nn


BLOCKS_LEARNING_RATE = 1e-4  # where pretrained blocks train along


class FreezeOptions(BaseOptions):
    last_blocks: int = setting(
        0,
        title="Blocks to train, counted from the top",
        help="0 trains only the new head, which is fastest and needs the fewest examples. "
        "Each block more fits the model closer to your data.",
        ge=0,
        le=200,
        advanced=False,
    )


class Freeze:
    """With `last_blocks` 0 the head (and a pooler) alone trains; otherwise all of the tail trains along."""

    name = "freeze"
    title = "The upper part (freezing)"
    sentence = "What the model knows stays as it is; a new head, and the last blocks if you like, learn your classes."
    default_learning_rate = 1e-3
    Options: type[BaseOptions] = FreezeOptions

    def why_not(self, structure: Structure) -> str | None:
        return None

    def learning_rate(self, options: Any) -> float:
        """A head alone takes long steps; pretrained blocks would forget by them."""
        return self.default_learning_rate if options.last_blocks == 0 else BLOCKS_LEARNING_RATE

    def preview(self, structure: Structure, options: Any) -> Preview:
        frozen = len(structure.blocks) - _trained_blocks(structure, options)
        return Preview(
            trainable=structure.count(_trained(structure, options)),
            total=structure.total,
            embeddings="frozen",
            blocks=("frozen",) * frozen + ("trained",) * (len(structure.blocks) - frozen),
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        return train_only(model, _trained(structure, options))


def _trained_blocks(structure: Structure, options: FreezeOptions) -> int:
    return min(options.last_blocks, len(structure.blocks))


def _trained(structure: Structure, options: FreezeOptions) -> frozenset[str]:
    count = _trained_blocks(structure, options)
    if count == 0:
        poolers = (name for name in structure.tail if "pooler" in name)  # a hidden layer of the head in all but name
        return frozenset((*structure.head, *poolers))
    upper = [name for block in structure.blocks[-count:] for name in block]
    return frozenset((*structure.head, *structure.tail, *upper))
