"""How fast this machine computes, measured with numpy in a fraction of a second; for a GPU, looked up."""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.files import read_cache, replace_cache
from studio.hardware import Machine
from studio.paths import Home

# Orders of magnitude of what training reaches (TFLOP/s in bf16 or fp16) and memory bandwidth (GB/s), by a
# word of the driver's name for the card. About 40 % of the makers' dense figures.
_GPUS: tuple[tuple[str, float, float], ...] = (
    ("B200", 800, 8000),
    ("H200", 350, 4800),
    ("H100", 350, 3300),
    ("A100", 120, 1900),
    ("L40", 100, 860),
    ("L4", 40, 300),
    ("A10", 50, 600),
    ("V100", 45, 900),
    ("T4", 20, 320),
    ("5090", 80, 1790),
    ("4090", 65, 1000),
    ("3090", 28, 936),
)
_UNKNOWN_GPU = (10.0, 300.0)
_APPLE_GPU = (2.0, 100.0)
REMEMBERED_SECONDS = 3600
_SIDE, _COUNT = 64, 32  # products small enough that numpy leaves each to one thread
_SECONDS, _TIMES = 0.12, 10  # that each is repeated at least


@dataclass(frozen=True)
class Speed:
    """flops: floating-point operations a second; bandwidth: bytes a second. rough: looked up, not measured."""

    flops: float
    bandwidth: float
    rough: bool


def speed_of(machine: Machine, home: Home | None = None) -> Speed:
    """The speed of the device that training will use. A measurement is remembered; once an hour a faster one counts."""
    if machine.device == "cuda":
        name = machine.gpus[0].name
        matching = [(tera, giga) for word, tera, giga in _GPUS if word in name]
        tera, giga = matching[0] if matching else _UNKNOWN_GPU
        return Speed(tera * 1e12, giga * 1e9, rough=True)
    if machine.device == "mps":
        return Speed(_APPLE_GPU[0] * 1e12, _APPLE_GPU[1] * 1e9, rough=True)
    memory = (home or Home.find()).cache / "speed.json"
    machine_key = {"processor": processor_name(), "cores": machine.cores, "measured": list(Speed.__dataclass_fields__)}
    known = read_cache(memory, lambda kept: (Speed(**kept["speed"]), kept["machine"], float(kept.get("time", 0))))
    best, measured = (known[0], known[2]) if known and known[1] == machine_key else (None, 0.0)
    if best and 0 <= time.time() - measured < REMEMBERED_SECONDS:
        return best
    now = measure(machine.cores)
    if best:  # a busy moment makes a machine look slow, never fast
        now = Speed(max(now.flops, best.flops), max(now.bandwidth, best.bandwidth), rough=False)
    replace_cache(memory, {"machine": machine_key, "speed": asdict(now), "time": time.time()})
    return now


def measure(cores: int) -> Speed:
    """The best of repeated matrix products and copies, in single precision. Takes a quarter second.

    Products are measured on one core and counted for all: threads that wait for each other show how busy the machine
    is at the moment (by a factor of 100, when it is), where one thread's best moment shows how fast it is.
    """
    import numpy

    matrices = numpy.ones((_COUNT, _SIDE, _SIDE), numpy.float32)
    products = numpy.empty_like(matrices)
    seconds = _fastest(lambda: numpy.matmul(matrices, matrices, out=products))
    flops = cores * _COUNT * 2 * _SIDE**3 / seconds
    block = numpy.ones(8_000_000, numpy.float32)  # larger than the caches
    target = numpy.empty_like(block)
    bandwidth = 2 * block.nbytes / _fastest(lambda: numpy.copyto(target, block))
    return Speed(flops, bandwidth, rough=False)


def has_matrix_units() -> bool:
    """Whether the processor multiplies bf16 matrices in hardware of its own (AMX), as Linux tells."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False  # not Linux


def processor_name() -> str:
    return platform.processor() or platform.machine()


def _fastest(action: Callable[[], object]) -> float:
    taken: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(taken) < _TIMES or time.perf_counter() < end:  # on a busy machine the time is over after one
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)
