"""What is said where the disk is full: what is needed, what is free, and where to make room."""

import errno
import math
from pathlib import Path

from studio.hardware import free_disk_bytes

MEGABYTE = 1000**2
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}  # no room, or none for this account or file
MAKE_ROOM = "Free some space, on the Runs page under Free space or with `studio clean`"


def megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB"


def room_words(free: int, needed: int | None = None) -> str:
    """A sentence; what is needed is rounded up and what is free down, so that the first is the larger one."""
    has = f"{free // MEGABYTE:,} MB are free."
    return f"It needs {math.ceil(needed / MEGABYTE):,} MB, and {has}" if needed is not None else has


def disk_words(error: OSError, folder: Path, needed: int | None = None) -> str:
    """Why something could not be written into `folder`."""
    if error.errno in FULL:
        return f"The disk is full. {room_words(free_disk_bytes(folder), needed)}"
    return f"The disk says: {error.strerror or error}."
