"""What keeps a model from memorising its examples."""

from studio.options import Options, setting


class RegularisationOptions(Options):
    weight_decay: float = setting(
        0.01,
        title="Weight decay",
        help="Pulls weights towards zero, against memorising; biases and normalisation layers are left out.",
        ge=0,
        le=1,
    )
    max_grad_norm: float = setting(
        1.0, title="Gradient clipping", help="Longest step direction allowed; 0 switches it off.", ge=0, le=1000
    )
