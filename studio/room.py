"""What is said where the disk is full: what is needed, what is free, and where to make room."""

import errno
import math
from pathlib import Path

from studio.hardware import free_disk_bytes
from studio.language import _

MEGABYTE = 1000**2
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}  # no room, or none for this account or file
MAKE_ROOM = _("Free some space, on the Runs page under Free space or with `studio clean`")


def megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB"


def room_words(free: int, needed: int | None = None) -> str:
    """A sentence; what is needed is rounded up and what is free down, so that the first is the larger one."""
    has = _("{free:,} MB are free.", free=free // MEGABYTE)
    return (
        _("It needs {ceil:,} MB, and {has}", ceil=math.ceil(needed / MEGABYTE), has=has) if needed is not None else has
    )


def disk_words(error: OSError, folder: Path, needed: int | None = None) -> str:
    """Why something could not be written into `folder`."""
    if error.errno in FULL:
        return _("The disk is full. {room_words}", room_words=room_words(free_disk_bytes(folder), needed))
    return _("The disk says: {value}.", value=error.strerror or error)
