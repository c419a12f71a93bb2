"""Images of a sample as one ZIP of class folders, the same bytes for the same images."""

import argparse
import zipfile
from collections.abc import Iterable
from pathlib import Path

FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP can hold; today's would change the file every time
UNIX = 3  # or the system that it is written on would change the file


def pack(images: Iterable[tuple[str, bytes]], path: Path) -> None:
    """Write (name, content of the file) pairs to `path`, as they are: images do not get smaller."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in images:
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.create_system = UNIX
            archive.writestr(entry, content)


def asked_for(description: str | None, usual: Path) -> Path:
    """The file that the command line names, or the one in assets/."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=usual, help=f"the ZIP to write (default: {usual})")
    chosen: Path = parser.parse_args().to
    return chosen
