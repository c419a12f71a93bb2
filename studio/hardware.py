"""What this machine has, found without importing torch. What torch itself sees, the worker reports."""

import importlib.util
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import psutil

from studio.language import _, plural

MEGABYTE, GIGABYTE = 1024**2, 1024**3


@dataclass(frozen=True)
class Gpu:
    name: str
    memory_bytes: int


@dataclass(frozen=True)
class Machine:
    """Cores and memory (bytes) of this machine; a GPU only if the driver's own tool lists one."""

    cores: int
    memory_bytes: int
    gpus: tuple[Gpu, ...]

    @property
    def device(self) -> str:
        """The kind of device that training will use: `cuda`, `mps` or `cpu`."""
        if self.gpus:
            return "cuda"
        apple = platform.system() == "Darwin" and platform.machine() == "arm64"
        return "mps" if apple else "cpu"

    @property
    def training_memory_bytes(self) -> int:
        return self.gpus[0].memory_bytes if self.gpus else self.memory_bytes

    @property
    def brief(self) -> str:
        return "CPU" if self.device == "cpu" else "GPU"

    @cached_property
    def sentence(self) -> str:
        if self.gpus:
            return f"{self.gpus[0].name} · {self.gpus[0].memory_bytes / GIGABYTE:.0f} GB"
        chip = _("Apple GPU") if self.device == "mps" else "CPU"
        return plural(
            "{chip} · {n} core · {memory:.0f} GB",
            "{chip} · {n} cores · {memory:.0f} GB",
            self.cores,
            chip=chip,
            memory=self.memory_bytes / GIGABYTE,
        )


def probe() -> Machine:
    """Look at the machine. Takes a few milliseconds, or a moment where an NVIDIA driver answers."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    return Machine(cores, psutil.virtual_memory().total, tuple(nvidia_gpus()))


def nvidia_gpus() -> list[Gpu]:
    tool = shutil.which("nvidia-smi")
    return list(_listed_by(tool)) if tool else []


@cache
def _listed_by(tool: str) -> tuple[Gpu, ...]:
    """Asked once a process: the answer takes a moment, and cards do not come and go."""
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ()  # a driver that does not answer is no device to train on
    rows = (line.rsplit(",", 1) for line in answer.splitlines() if "," in line)
    return tuple(Gpu(name.strip(), int(megabytes) * 1024**2) for name, megabytes in rows if megabytes.strip().isdigit())


def why_no_bitsandbytes() -> str:
    """Why numbers of few bits, which the package bitsandbytes computes with, cannot be had here; or ""."""
    if not nvidia_gpus():
        return _("It needs an NVIDIA GPU, and this machine has none.")
    if importlib.util.find_spec("bitsandbytes") is None:
        return _(
            "It needs the package bitsandbytes, which is not installed; install it with `pip install bitsandbytes`."
        )
    return ""


def free_disk_bytes(path: Path) -> int:
    """Free space where `path` is, or will be."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
