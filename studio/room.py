"""What is said where the disk is full: what is needed, what is free, and where to make room."""

import errno
import math
from pathlib import Path

from studio.hardware import free_disk_bytes
from studio.language import _, sentences

MEGABYTE = 1000**2
FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}  # no room, or none for this account or file
MAKE_ROOM = sentences(
    _(
        "Free some space, on the Runs page under Free space or with `studio clean`, or choose another folder for the"
        " studio."
    ),
    _("Then try again."),
)


def megabytes(count: int) -> str:
    return _("{megabytes:,.1f} MB", megabytes=count / MEGABYTE)


def room_words(free: int, needed: int | None = None) -> str:
    """A sentence; what is needed is rounded up and what is free down, so that the first is the larger one."""
    there = free // MEGABYTE
    if needed is None:
        return _("{free:,} MB are free.", free=there)
    return _("It needs {needed:,} MB, and {free:,} MB are free.", needed=math.ceil(needed / MEGABYTE), free=there)


def disk_words(error: OSError, folder: Path, needed: int | None = None) -> str:
    """Why something could not be written into `folder`."""
    if error.errno in FULL:
        return sentences(_("The disk is full."), room_words(free_disk_bytes(folder), needed))
    return _("The disk says: {reason}.", reason=error.strerror or error)
