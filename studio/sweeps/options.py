"""How a sweep searches: the section `sweep` of its run file."""

from typing import Literal

from studio.language import _
from studio.options import Options, setting

Method = Literal["grid", "random", "tpe", "gp", "cma-es", "auto"]
Pruning = Literal["none", "median", "hyperband"]


class SweepOptions(Options):
    """Ends with whichever of `trials` and `minutes` is reached first."""

    method: Method = setting(
        "tpe",
        title=_("Search method"),
        help=_(
            "How the next settings are chosen. tpe learns from the trials so far which settings are promising "
            "(tree-structured Parzen estimator); gp does it with a Gaussian process, for few and costly trials; cma-es "
            "moves a cloud of numbers towards better ones; random draws them; grid tries every combination."
        ),
    )
    trials: int = setting(20, title=_("Trials"), help=_("How many runs at most."), ge=1, le=1000)
    minutes: float | None = setting(
        None,
        title=_("Minutes"),
        help=_("How long the sweep may train. What trains then is stopped, and its best model is kept."),
        gt=0,
        le=100_000,
    )
    pruning: Pruning = setting(
        "median",
        title=_("Early end of weak trials (pruning)"),
        help=_(
            "median stops a trial whose best check is worse than the middle of the others at the same point; hyperband "
            "gives many trials little time, and the best of them more; none lets all of them end."
        ),
    )
    together: int = setting(1, title=_("Trials at a time"), help=_("How many train at once."), ge=1, le=64)
    seed: int = setting(0, title=_("Seed of the search"), help=_("The same seed proposes the same settings."), ge=0)
