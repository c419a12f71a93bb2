"""Where and how it is computed: nothing here changes what is learned, beyond rounding."""

from typing import Literal

from studio.options import Options, setting


class ComputingOptions(Options):
    cache_activations: bool = setting(
        True,
        title="Compute frozen layers once",
        help="Keeps what frozen layers say about each example on disk, which makes training many times as fast.",
    )
    device: Literal["auto", "cpu", "cuda", "mps", "xpu"] = setting(
        "auto", title="Device", help="Where to train; auto takes the fastest there is."
    )
    processes: int = setting(
        1,
        title="Devices that train together (processes)",
        help="Each takes its share of every batch. More than one GPU makes training faster, nothing else.",
        ge=1,
        le=64,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", title="Number format (precision)", help="auto measures which is fastest on this machine."
    )
    gradient_checkpointing: bool = setting(
        False,
        title="Compute twice, keep less (gradient checkpointing)",
        help="Layers are computed again on the way back instead of being kept: about a third slower, far less memory.",
    )
