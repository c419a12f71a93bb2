"""What every benchmark prints: a small table for people, one JSON object for programs. Numbers are medians."""

import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

PACKAGES = ("gradio", "torch", "transformers", "plotly")


def processor() -> str:
    """The processor's name; no names of hosts or people."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    return {"processor": processor(), "cores": cores, "python": platform.python_version(), **versions()}


def versions() -> dict[str, str]:
    """Of what is installed: not every benchmark needs everything."""
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def child_cpu_seconds() -> float:
    """Processor time of all children that have ended so far, and of theirs; 0 where the system does not tell.

    On a machine that others use too it says more than the clock on the wall.
    """
    if sys.platform == "win32":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(title: str, arms: Mapping[str, Sequence[Mapping[str, float]]], ours: str, ratios: Sequence[str]) -> None:
    """arms: name -> one mapping of numbers for each repetition. ratios: which numbers to divide by `ours`."""
    medians = {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in arms.items() if runs}
    columns = list(dict.fromkeys(key for numbers in medians.values() for key in numbers))
    width = max(len(name) for name in medians) + 2
    print(f"\n{title}", file=sys.stderr)
    print("".ljust(width) + "".join(column.rjust(22) for column in columns), file=sys.stderr)
    for name, numbers in medians.items():
        cells = "".join(f"{numbers[column]:,.4g}".rjust(22) if column in numbers else " " * 22 for column in columns)
        print(name.ljust(width) + cells, file=sys.stderr)
    times = {
        name: {key: round(numbers[key] / medians[ours][key], 2) for key in ratios if medians[ours].get(key)}
        for name, numbers in medians.items()
        if name != ours
    }
    result = {
        "benchmark": title,
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "runs": {name: len(runs) for name, runs in arms.items()},
        "medians": medians,
        f"times {ours}": times,
    }
    print(json.dumps(result), flush=True)
