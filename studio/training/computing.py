"""Where and how it is computed: nothing here changes what is learned, beyond rounding."""

from typing import Literal

from studio.errors import StudioError
from studio.hardware import Machine
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
        help="Each takes its share of every batch. More than one GPU makes training faster, and changes nothing else.",
        ge=1,
        le=64,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", title="Number format (precision)", help="auto measures which is fastest on this machine."
    )
    gradient_checkpointing: bool = setting(
        False,
        title="Recompute to save memory (gradient checkpointing)",
        help="Layers are computed again in the backward pass instead of kept: about a third slower, far less memory.",
    )


def check_processes(options: ComputingOptions, machine: Machine) -> None:
    """Raise StudioError where the machine has fewer GPUs than shall train together. Processes can share CPUs."""
    device = machine.device if options.device == "auto" else options.device
    there = {"cuda": len(machine.gpus), "mps": 1}.get(device, 0)  # 0: not known, or not limited
    if there and options.processes > there:
        raise StudioError(
            f"This machine does not have {options.processes} GPUs.",
            f"The setting 'processes' asks for as many, and this machine has {there}.",
            f"Set processes to {there}, or the device to cpu.",
        )
