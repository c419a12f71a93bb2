"""How much an upload may ask of this machine. Whoever hosts the studio lowers these."""

import os

from studio.options import Options, setting

LIMIT_VARIABLE = "STUDIO_UPLOAD_LIMIT"  # megabytes; for the processes of a server, and for commands

HOW_TO_RAISE = f"Whoever runs the studio can raise the limit: `studio ui --upload-limit MB`, or {LIMIT_VARIABLE}=MB."
MEGABYTE = 1024 * 1024


class Limits(Options):
    """Bounds on imported data; each is enforced on real bytes, not on what a file claims of itself."""

    upload_megabytes: int = setting(
        2000, title="Largest upload (MB)", help="A bigger file is refused.", ge=1, le=1_000_000
    )
    unpacked_megabytes: int = setting(
        8192, title="Largest unpacked size (MB)", help="An archive or table that grows beyond this is refused.", ge=1
    )
    files: int = setting(80_000, title="Most files in an archive", help="An archive with more is refused.", ge=1)
    ratio: int = setting(
        200, title="Strongest compression", help="An archive that grows more than this many times is refused.", ge=2
    )
    rows: int = setting(
        2_000_000, title="Most rows", help="A larger table is refused; from the Hub the first so many are taken.", ge=10
    )

    @property
    def upload_bytes(self) -> int:
        return self.upload_megabytes * MEGABYTE

    @property
    def unpacked_bytes(self) -> int:
        return self.unpacked_megabytes * MEGABYTE


def limits_here() -> Limits:
    """The limits that the environment names: STUDIO_UPLOAD_LIMIT in megabytes, or the default."""
    stated = os.environ.get(LIMIT_VARIABLE)
    return Limits.read({"upload_megabytes": stated} if stated else {}, LIMIT_VARIABLE)
