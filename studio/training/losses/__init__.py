"""What counts as wrong, and how examples are mixed: settings that change the loss.

A new loss: one file here, one line below.
"""

from typing import Literal

from pydantic import field_validator

from studio.errors import StudioError
from studio.language import _
from studio.options import Options, setting
from studio.registry import Registry
from studio.training.losses.base import LossChoice
from studio.training.losses.cross_entropy import CROSS_ENTROPY
from studio.training.losses.focal import FOCAL

LOSSES: Registry[LossChoice] = Registry(_("loss"), CROSS_ENTROPY, FOCAL)


class LossOptions(Options):
    loss: str = setting(
        "cross-entropy",
        title=_("Loss"),
        help=_("The measure of how wrong an answer is, which training makes smaller."),
        needs="classes",
    )
    focal_gamma: float = setting(
        2.0,
        title=_("How much more (gamma)"),
        help=_("0 is the plain loss; the larger, the less easy examples count."),
        ge=0,
        le=10,
        shown_if={"loss": tuple(choice.name for choice in LOSSES if "focal_gamma" in choice.reads)},
        needs="classes",
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none",
        title=_("Class weights"),
        help=_("balanced lets mistakes in rare classes count as much in sum as those in common ones."),
        needs="classes",
    )
    label_smoothing: float = setting(
        0.0,
        title=_("Label smoothing"),
        help=_("The right answer counts a little less than wholly, against too much certainty; 0.1 is usual."),
        ge=0,
        lt=1,
        needs="classes",
    )
    r_drop: float = setting(
        0.0,
        title=_("Agree with yourself (R-Drop)"),
        help=_(
            "Every example is seen twice under dropout, and both answers should agree: twice the time. 1 is a start."
        ),
        ge=0,
        le=100,
        needs="classes",
    )
    mixup: float = setting(
        0.0,
        title=_("Blend images (MixUp)"),
        help=_("Learns from blends of two images with both labels; 0.2 is usual, 0 is off."),
        ge=0,
        le=10,
        needs="images",
    )
    cutmix: float = setting(
        0.0,
        title=_("Paste images (CutMix)"),
        help=_("Learns from images with a piece of another one in them; 1 is usual, 0 is off."),
        ge=0,
        le=10,
        needs="images",
    )

    @field_validator("loss")
    @classmethod
    def _loss_exists(cls, name: str) -> str:
        try:
            return LOSSES[name].name
        except StudioError as error:
            raise ValueError(str(error)) from error
