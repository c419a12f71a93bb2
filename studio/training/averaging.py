"""Means of the weights over time, which often do better than the last ones."""

from typing import Literal

from studio.language import _
from studio.options import Options, setting


class AveragingOptions(Options):
    averaging: Literal["none", "ema", "swa"] = setting(
        "none",
        title=_("Average the weights"),
        help=_(
            "ema follows the weights slowly (exponential moving average); swa takes the plain mean of the last steps "
            "of training (stochastic weight averaging)."
        ),
    )
    ema_decay: float = setting(
        0.999,
        title=_("How slowly the average follows (decay)"),
        help=_("The larger, the longer it remembers; the first steps count less, whatever this says."),
        gt=0,
        lt=1,
        shown_if={"averaging": "ema"},
    )
    swa_start: float = setting(
        0.6,
        title=_("From which share of training on"),
        help=_("0.6 averages the weights after every step of the last 40%."),
        ge=0,
        lt=1,
        shown_if={"averaging": "swa"},
    )
