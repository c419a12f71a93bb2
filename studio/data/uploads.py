"""Storing uploads: a copy under a name that is safe on every system, in a folder named by its content."""

import contextlib
import hashlib
import os
import tempfile
import time
import unicodedata
from pathlib import Path

from studio.data.limits import HOW_TO_RAISE, Limits
from studio.errors import StudioError
from studio.language import _, sentences
from studio.paths import Home
from studio.room import MAKE_ROOM, disk_words

BLOCK = 1024 * 1024
LONGEST_STEM, LONGEST_ENDING = 80, 10
TEMPORARY = ".upload-"
A_DAY = 24 * 3600.0


def keep_upload(path: Path, original_name: str, home: Home, limits: Limits) -> Path:
    """Copy the upload to home.uploads/<hash>/<safe name>; the same content and name is kept once.

    Raises StudioError when it is larger than the limits allow or cannot be stored.
    """
    home.uploads.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(home.uploads)
    digest, size = hashlib.sha256(), 0
    temporary = tempfile.NamedTemporaryFile(dir=home.uploads, prefix=TEMPORARY, delete=False)  # noqa: SIM115
    kept = Path(temporary.name)
    try:
        with path.open("rb") as source, temporary as target:
            while block := source.read(BLOCK):
                size += len(block)
                if size > limits.upload_bytes:
                    raise StudioError(
                        _("{file} is too large.", file=original_name),
                        _("At most {most:,} MB are accepted.", most=limits.upload_megabytes),
                        sentences(_("Use a smaller part of it."), HOW_TO_RAISE),
                    )
                digest.update(block)
                target.write(block)
        final = home.uploads / digest.hexdigest()[:16] / safe_name(original_name)
        if not final.is_file():
            final.parent.mkdir(exist_ok=True)
            kept.replace(final)
        os.utime(final.parent)  # so that nothing takes it for forgotten before a draft names it
    except OSError as error:
        raise StudioError(
            _("{file} could not be stored.", file=original_name),
            disk_words(error, home.root, path.stat().st_size if path.exists() else None),
            MAKE_ROOM,
        ) from error
    finally:
        temporary.close()
        kept.unlink(missing_ok=True)
    return final


def _remove_leftovers(uploads: Path) -> None:
    """Partial copies of a server that was stopped while copying."""
    for path in uploads.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(OSError):  # another process took it, or still holds it
            if path.stat().st_mtime < time.time() - A_DAY:
                path.unlink()


def safe_name(original: str) -> str:
    """The last part of the name in letters, digits, `-`, `_` and blanks, with its ending in lower case."""
    last = unicodedata.normalize("NFC", original).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    if not dot or not stem:
        stem, ending = last.lstrip("."), ""
    ending = "".join(letter for letter in ending.lower() if letter.isalnum())[:LONGEST_ENDING]
    stem = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in stem).strip()
    while len(stem.encode()) > LONGEST_STEM:
        stem = stem[:-1]
    stem = f"upload_{stem}" if not stem or stem.lower() in _DEVICES else stem
    return f"{stem}.{ending}" if ending else stem


_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
