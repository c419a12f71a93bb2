"""Where and how it is computed: nothing here changes what is learned, beyond rounding."""

from typing import Literal

from studio.errors import StudioError
from studio.hardware import Machine
from studio.language import _
from studio.options import Options, setting


class ComputingOptions(Options):
    cache_activations: bool = setting(
        True,
        title=_("Compute frozen layers once"),
        help=_("Keeps what frozen layers say about each example on disk, which makes training many times as fast."),
    )
    device: Literal["auto", "cpu", "cuda", "mps", "xpu"] = setting(
        "auto", title=_("Device"), help=_("Where to train; auto takes the fastest there is.")
    )
    processes: int = setting(
        1,
        title=_("Devices that train together (processes)"),
        help=_(
            "Each takes its share of every batch. More than one GPU makes training faster, and changes nothing else."
        ),
        ge=1,
        le=64,
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto", title=_("Number format (precision)"), help=_("auto measures which is fastest on this machine.")
    )
    gradient_checkpointing: bool = setting(
        False,
        title=_("Recompute to save memory (gradient checkpointing)"),
        help=_(
            "Layers are computed again in the backward pass instead of kept: about a third slower, far less memory."
        ),
    )


def check_processes(options: ComputingOptions, machine: Machine) -> None:
    """Raise StudioError where the machine has fewer GPUs than shall train together. Processes can share CPUs."""
    device = machine.device if options.device == "auto" else options.device
    there = {"cuda": len(machine.gpus), "mps": 1}.get(device, 0)  # 0: not known, or not limited
    if there and options.processes > there:
        raise StudioError(
            _("This machine does not have {count} GPUs.", count=options.processes),
            _("The setting 'processes' asks for as many, and this machine has {count}.", count=there),
            _("Set processes to {count}, or the device to cpu.", count=there),
        )
