"""When the validation split is scored, when training ends for lack of progress, and how often progress is saved."""

from studio.language import _
from studio.options import Options, setting


class CheckOptions(Options):
    early_stopping: int = setting(
        0,
        title=_("Stop when it no longer improves (patience)"),
        help=_(
            "Number of checks without improvement on the validation split after which training ends; 0 never stops "
            "early. The best step is kept either way."
        ),
        ge=0,
        le=1000,
    )
    least_improvement: float = setting(
        0.0,
        title=_("What counts as an improvement (minimum change)"),
        help=_(
            "The headline metric must get better by more than this, or the check counts as one without improvement."
        ),
        ge=0,
        le=1000,
    )
    evaluations_per_epoch: int = setting(
        1, title=_("Checks per pass"), help=_("How often the validation split is scored in each epoch."), ge=1, le=100
    )
    checkpoint_seconds: float = setting(
        60,
        title=_("Save progress every (seconds)"),
        help=_("After a crash at most this much work is lost."),
        ge=0,
        le=86400,
    )
