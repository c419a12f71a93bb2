"""Names of files in tables and annotations: which file such a name means, decided here for every reader.

Whoever brings data names only what they bring. So a name is looked up among the files that came along, or below a
folder that the person at the command line named; it is never a path of the machine that reads it.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.language import _

LONGEST_NAME = 1000
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]{2}|(data|file):", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
WITHOUT_IMAGES = _("The images did not come with the table: bring both in one ZIP file.")


class NotBroughtError(ValueError):
    """Says why a name means no file that came along."""


def why_refused(name: str) -> str:
    """A sentence why such a name is not looked up at all, or ""."""
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        return _("That cannot be the name of a file.")
    if _ADDRESS.match(name):
        return _("It is an address: nothing is fetched from there. Bring the file itself.")
    plain = name.replace("\\", "/")
    if plain.startswith("//"):
        return _("It names a place on a network: bring the file itself, and name it relative to the table.")
    if _DRIVE.match(plain):
        return _("It names a drive: bring the file itself, and name it relative to the table.")
    if plain.startswith("/"):
        return _("It names a place on a disk (an absolute path): bring the file, and name it relative to the table.")
    if ".." in plain.split("/"):
        return _("It leads out of the folder ('..'): name files that lie below the table.")
    return ""


def why_missing(name: str, folder: Path, beside: str = "") -> str:
    """A sentence why a name means no file of `folder`, or "" where it is just not there.

    beside: the file in `folder` that names it.
    """
    if reason := why_refused(name):
        return reason
    plain = name.strip().replace("\\", "/")
    for start in (folder, (folder / beside).parent):
        try:
            find_below(plain, [start], folder)
        except NotBroughtError as error:
            if os.path.lexists(start / plain):
                return str(error)
    return ""


def find_below(name: str, folders: Sequence[Path], limit: Path | None = None) -> Path:
    """The real path of the file that a name means: below the first of `folders` that has it.

    An absolute name counts where it lies below one of them. limit: the folder that nothing may lead out of, where that
    is not the one it was found in. Links are followed, and what they lead to has to lie there too. Raises
    NotBroughtError.
    """
    name = name.strip()
    absolute = Path(name).is_absolute()
    reason = why_refused(name)
    if reason and not (absolute and ".." not in Path(name).parts):
        raise NotBroughtError(reason)
    plain = name if absolute else name.replace("\\", "/")
    for folder in folders:
        real = _resolved(folder / plain)
        if real is None or not _is_file(real):
            continue
        if real.is_relative_to((limit or folder).resolve()):
            return real
        if not absolute:
            raise NotBroughtError(_("It is a link to a place outside of the folder."))
    raise NotBroughtError(reason or _("There is no such file."))


def stamp_of(names: Iterable[str], folders: Sequence[Path]) -> str:
    """What changes with the files that these names mean: another place, size or time. "" where there is none."""
    seen = []
    for name in names:
        try:
            path = find_below(name, folders)
            state = path.stat()
        except (NotBroughtError, OSError):
            continue
        seen.append(f"{name}\0{path}\0{state.st_size}\0{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(seen)).encode("utf-8", "surrogateescape")).hexdigest() if seen else ""


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a ring of links, or no possible name
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
