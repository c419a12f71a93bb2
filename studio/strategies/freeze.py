"""Freeze the lower blocks of the model, and train the new head and the top blocks."""

import re
from typing import Any

from studio.errors import StudioError
from studio.language import _, listing, sentences
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
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

BLOCKS_LEARNING_RATE = 1e-4  # where pretrained blocks train along
NORMALISATION = re.compile(r"norm|(^|[._])(bn|ln)\w*\d*[._]", re.I)


class FreezeOptions(BaseOptions):
    last_blocks: int = setting(
        0,
        title=_("Blocks to train, counted from the top"),
        help=_(
            "0 trains only the new head, which is fastest and needs the fewest examples. "
            "Each block more fits the model closer to your data."
        ),
        ge=0,
        le=200,
        advanced=False,
    )
    head: HeadLearns = setting(
        "gradient-descent",
        title=_("How the head learns"),
        help=_(
            "Step by step (gradient-descent), or its best weights computed at once (solve): logistic regression, its "
            "strength found by cross-validation. Needs one class for each example."
        ),
        shown_if={"last_blocks": 0},
        advanced=False,
    )
    embeddings: bool = setting(
        False,
        title=_("Train the input layer too (embeddings)"),
        help=_("For words or signs that the model has never met. Nothing can then be computed once for all passes."),
    )
    norms: bool = setting(
        False,
        title=_("Train all normalisation layers too"),
        help=_("A few numbers in every layer, which shift and scale what it says."),
    )
    also: str = setting(
        "",
        title=_("Train these too (name pattern)"),
        help=_("A regular expression that is looked for in parameter names, such as: layer\\.2\\.|query."),
    )


class Freeze(Selection):
    """With `last_blocks` 0 the head (and a pooler) alone trains; otherwise all of the tail trains too."""

    name = "freeze"
    family = FAMILIES["frozen"]
    title = _("Layer freezing")
    plain = _("the head learns, and top layers if you like")
    sentence = _(
        "What the model knows stays as it is; a new head, and the last blocks if you like, learn your classes."
    )
    default_learning_rate = 1e-3
    Options = FreezeOptions

    def why_not_with(self, structure: Structure, options: Any) -> str | None:
        if structure.head and self.solves_head(options) and not solvable_layer(structure):
            return NOT_SOLVABLE
        if self.trained(structure, options):
            return None
        return sentences(NO_HEAD, _("Train at least one of its blocks."))

    def learning_rate(self, options: Any) -> float:
        """A head alone takes large steps, which would make pretrained blocks forget."""
        only_head = options.last_blocks == 0 and not options.embeddings and not options.also
        return self.default_learning_rate if only_head else BLOCKS_LEARNING_RATE

    def solves_head(self, options: Any) -> bool:
        """Only where the layers below it stay as they are."""
        below = (options.last_blocks, options.embeddings, options.norms, options.also.strip())
        return options.head == "solve" and not any(below)

    def is_solved(self, options: Any) -> bool:
        return self.solves_head(options)

    def trained(self, structure: Structure, options: Any) -> frozenset[str]:
        if self.solves_head(options):
            return solvable_layer(structure)
        names = set(new_part(structure))
        if options.last_blocks:
            upper = structure.blocks[-options.last_blocks :]
            names |= {*structure.head, *structure.tail, *(name for block in upper for name in block)}
        if options.embeddings:
            names |= set(structure.embeddings)
        if options.norms:
            names |= normalisation(structure)
        if options.also.strip():
            names |= _matching(structure, options.also.strip())
        return frozenset(names) & everything(structure)


def normalisation(structure: Structure) -> frozenset[str]:
    """Scales and shifts of normalisation layers: parameters of one dimension, called so."""
    shapes = structure.shapes.items()
    return frozenset(name for name, shape in shapes if len(shape) == 1 and NORMALISATION.search(name))


def _matching(structure: Structure, pattern: str) -> set[str]:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise StudioError(
            _("The name pattern '{pattern}' cannot be read.", pattern=pattern),
            _("Python says: {reason}.", reason=error),
            _("Correct it, or leave it empty."),
        ) from error
    found = {name for name in structure.shapes if wanted.search(name)}
    if not found:
        raise StudioError(
            _("No parameter of this model matches '{pattern}'.", pattern=pattern),
            _("These are some of them: {names}.", names=listing(list(structure.shapes)[:3])),
            _("Correct it, or leave it empty."),
        )
    return found
