"""What keeps a model from memorising its examples."""

from typing import Literal

from studio.language import _
from studio.options import Options, setting


class RegularisationOptions(Options):
    weight_decay: float = setting(
        0.01,
        title=_("Weight decay"),
        help=_("Pulls weights towards zero, against memorising; biases and normalisation layers are left out."),
        ge=0,
        le=1,
    )
    l2_sp: float = setting(
        0.0,
        title=_("Pull towards the pretrained weights (L2-SP)"),
        help=_("Keeps what learns near to where it began, so that less of it is forgotten; 0.01 is a start."),
        ge=0,
        le=100,
    )
    l1: float = setting(
        0.0,
        title=_("L1 penalty"),
        help=_("Pulls weights towards exactly zero by a constant force; 0.00001 is a start."),
        ge=0,
        le=1,
    )
    max_grad_norm: float = setting(
        1.0, title=_("Gradient clipping"), help=_("Longest step direction allowed; 0 switches it off."), ge=0, le=1000
    )
    gradient_noise: float = setting(
        0.0,
        title=_("Gradient noise"),
        help=_("Shakes every step a little, less and less; 0.01 is a start."),
        ge=0,
        le=10,
    )
    dropout: float | None = setting(
        None,
        title=_("Dropout"),
        help=_("Share of what a layer says that is left out at random. Empty leaves it as the model has it."),
        ge=0,
        lt=1,
        needs="dropout",
    )
    attention_dropout: float | None = setting(
        None,
        title=_("Attention dropout"),
        help=_("The same for what tokens say to each other. Empty leaves it as the model has it."),
        ge=0,
        lt=1,
        needs="attention_dropout",
    )
    stochastic_depth: float | None = setting(
        None,
        title=_("Skip layers at random (stochastic depth)"),
        help=_("Share of examples for which the deepest block is skipped. Empty leaves it as the model has it."),
        ge=0,
        lt=1,
        needs="stochastic_depth",
    )
    batch_norm: Literal["auto", "frozen", "updated"] = setting(
        "auto",
        title=_("Batch normalisation"),
        help=_(
            "Whether its running statistics follow your images: nowhere, everywhere, or where a layer learns and a"
            " batch has 16 images or more, or the layer has no statistics yet (auto); those of smaller batches are"
            " noise."
        ),
        needs="batch_norm",
    )
