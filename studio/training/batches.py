"""How often and how many examples at a time."""

from typing import Literal

from pydantic import field_validator

from studio.language import _
from studio.options import Options, setting


class BatchOptions(Options):
    epochs: int = setting(
        3,
        title=_("Passes over the data (epochs)"),
        help=_("How often the model sees every example. More learns more, until it starts to memorise."),
        ge=1,
        le=1000,
        advanced=False,
    )
    batch_size: int | Literal["auto"] = setting(
        "auto",
        title=_("Examples per step (batch size)"),
        help=_(
            "How many examples are looked at before the weights move. Lower it when memory runs out; auto takes "
            "the largest useful one that is seen to fit, by trial."
        ),
    )
    accumulation: int = setting(
        1,
        title=_("Micro-batches per step (gradient accumulation)"),
        help=_("Every step is computed in so many micro-batches, one after another: the same result with less memory."),
        ge=1,
        le=256,
    )
    seed: int = setting(
        7,
        title=_("Shuffle number (seed)"),
        help=_("The same number on the same machine gives the same result."),
        ge=0,
        le=2**31 - 1,
    )

    @field_validator("batch_size")
    @classmethod
    def _positive(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 4096:
            raise ValueError(_("Choose a number from 1 to 4096, or auto."))
        return value
