"""How much an upload may ask of this machine. Whoever hosts the studio lowers these."""

import os

import psutil

from studio.language import _, listing
from studio.options import Options, setting

LIMIT_VARIABLE = "STUDIO_UPLOAD_LIMIT"  # megabytes; for the processes of a server, and for commands
MEMORY_VARIABLE = "STUDIO_MEMORY_LIMIT"  # likewise

HOW_TO_RAISE = _(
    "Whoever runs the studio can raise the limit: {ways}.",
    ways=listing(("`studio ui --upload-limit MB`", f"{LIMIT_VARIABLE}=MB"), "or"),
)
MEGABYTE = 1024 * 1024
MOST_MEMORY = 8192 * MEGABYTE


class Limits(Options):
    """Bounds on imported data; each is enforced on real bytes, not on what a file claims of itself."""

    upload_megabytes: int = setting(
        2000, title=_("Largest upload (MB)"), help=_("A bigger file is refused."), ge=1, le=1_000_000
    )
    unpacked_megabytes: int = setting(
        8192,
        title=_("Largest unpacked size (MB)"),
        help=_("An archive or table that grows beyond this is refused."),
        ge=1,
    )
    files: int = setting(80_000, title=_("Most files in an archive"), help=_("An archive with more is refused."), ge=1)
    ratio: int = setting(
        200,
        title=_("Strongest compression"),
        help=_("An archive that grows more than this many times is refused."),
        ge=2,
    )
    memory_megabytes: int = setting(
        0, title=_("Memory to read data (MB)"), help=_("0: three quarters of this machine's, at most 8192."), ge=0
    )
    rows: int = setting(
        2_000_000,
        title=_("Most rows"),
        help=_("A larger table is refused; from the Hub the first so many are taken."),
        ge=10,
    )

    @property
    def upload_bytes(self) -> int:
        return self.upload_megabytes * MEGABYTE

    @property
    def memory_bytes(self) -> int:
        """What the process that reads data may use."""
        usual = min(MOST_MEMORY, psutil.virtual_memory().total * 3 // 4)
        return self.memory_megabytes * MEGABYTE or usual

    @property
    def unpacked_bytes(self) -> int:
        return self.unpacked_megabytes * MEGABYTE


def within(limits: Limits, room: int | None) -> Limits:
    """The limits for what may take no more than `room` bytes of a disk; None: as much as it wants."""
    if room is None:
        return limits
    return limits.model_copy(update={"unpacked_megabytes": min(limits.unpacked_megabytes, max(1, room // MEGABYTE))})


def limits_here() -> Limits:
    """The limits that the environment names: STUDIO_UPLOAD_LIMIT and STUDIO_MEMORY_LIMIT in megabytes, or the usual."""
    names = {"upload_megabytes": LIMIT_VARIABLE, "memory_megabytes": MEMORY_VARIABLE}
    stated = {name: value for name, variable in names.items() if (value := os.environ.get(variable))}
    return Limits.read(stated, " and ".join(names[name] for name in stated) or LIMIT_VARIABLE)
