"""Which device to train on, and in which number format: measured where it cannot be known.

bf16 on a CPU took half the time of fp32 with AMX, half as long again with AVX512-BF16 alone, and fourteen times
as long without either. So it is tried on the model and a batch of the run, and only where the CPU computes it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal

import torch
from torch import nn

from studio.engine.tensors import kept_buffers
from studio.errors import StudioError
from studio.language import _, listing

Precision = Literal["fp32", "bf16", "fp16"]
MEASURED: tuple[Precision, ...] = ("fp32", "bf16")
WORTH_IT = 0.8  # bf16 must take less than this share of fp32's time: what else the machine does must not decide
TIMED_STEPS = 5  # in each format
ENOUGH_SECONDS = 12.0  # for all of them; a single step may take longer


@dataclass(frozen=True)
class Choice:
    """sentence: why, for the log; empty where there was nothing to choose."""

    precision: Precision
    sentence: str = ""


def choose_device(wanted: str) -> torch.device:
    """`auto` takes the fastest there is. Raises StudioError for one that is not there."""
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": torch.xpu.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return torch.device(next(kind for kind, present in there.items() if present))
    if not there[wanted]:
        raise StudioError(
            _("There is no '{device}' device here.", device=wanted),
            _("PyTorch finds: {devices}.", devices=listing(kind for kind, present in there.items() if present)),
            _("Set the device to auto, or to one of those."),
        )
    return torch.device(wanted)


def choose_precision(wanted: str, device: torch.device, measure: Callable[[], Mapping[Precision, float]]) -> Choice:
    """measure: seconds per step in each format; only asked where nothing else tells. fp16 is never chosen
    automatically."""
    if wanted == "fp16" and device.type != "cuda":
        raise StudioError(
            _("The precision fp16 needs an NVIDIA GPU."),
            _("This run trains on '{device}'.", device=device.type),
            _("Choose auto or fp32."),
        )
    if wanted != "auto":
        return Choice(wanted)  # type: ignore[arg-type]
    if device.type == "cuda":
        return Choice("bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32")
    if device.type != "cpu" or not cpu_computes_bf16():
        return Choice("fp32")
    seconds = measure()
    fp32, bf16 = seconds["fp32"], seconds["bf16"]
    chosen: Precision = "bf16" if bf16 < WORTH_IT * fp32 else "fp32"
    said = _(
        "Measured number formats: a step takes {fp32:.2f} s in fp32, {bf16:.2f} s in bf16. Using {chosen}.",
        fp32=fp32,
        bf16=bf16,
        chosen=chosen,
    )
    return Choice(chosen, said)


def trial_precision(wanted: str, device: torch.device) -> Precision:
    """The format in which memory is tried before time is: a processor's may turn out as fp32, which takes most."""
    if wanted == "auto":
        return choose_precision(wanted, device, never_asked).precision if device.type == "cuda" else "fp32"
    return choose_precision(wanted, device, never_asked).precision


def never_asked() -> Mapping[Precision, float]:
    raise AssertionError("nothing needs to be measured here")


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    kinds = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.bfloat16}
    return torch.autocast(device.type, kinds[precision], enabled=precision != "fp32")


def cpu_computes_bf16() -> bool:
    """Whether the CPU has instructions for bf16 (AMX or AVX512-BF16, or Arm's)."""
    has = torch.cpu.get_capabilities()
    return any(has.get(name) for name in ("amx_bf16", "avx512_bf16", "arm_bf16", "bf16"))


def time_training_steps(
    model: nn.Module, forward: Callable[[], torch.Tensor], device: torch.device
) -> dict[Precision, float]:
    """Median seconds of a few forward and backward passes in each of the formats, which take turns, so that other work
    of the machine slows all of them alike. Weights, buffers and gradients stay as they were."""
    taken: dict[Precision, list[float]] = {precision: [] for precision in MEASURED}
    began = time.perf_counter()
    with kept_buffers(model):
        for attempt in range(1 + TIMED_STEPS):
            for precision in MEASURED:
                start = time.perf_counter()
                with autocast(device, precision):
                    loss = forward()
                loss.backward()
                if attempt:  # the first one sets up kernels and memory
                    taken[precision].append(time.perf_counter() - start)
                model.zero_grad(set_to_none=True)
            if attempt and time.perf_counter() - began > ENOUGH_SECONDS:
                break
    return {precision: median(seconds) for precision, seconds in taken.items()}
