"""A small file of texts, one for each row: a table, of which the column of texts is taken, or plain lines."""

from pathlib import Path

from studio.data.fields import FIELDS
from studio.data.formats.encodings import UNREADABLE, guess_encoding
from studio.data.limits import Limits
from studio.data.profile import profile_columns
from studio.data.reading import read_table
from studio.errors import StudioError
from studio.language import _

LARGEST = 2_000_000  # bytes: it is read while somebody waits
LINES = (".txt", "")  # endings of files whose lines are texts, whatever signs stand in them


def texts_in(path: Path, limits: Limits) -> list[str]:
    """Each of them in one line. Raises StudioError where the file cannot be read, or holds no texts."""
    if path.stat().st_size > LARGEST:
        raise StudioError(
            _("'{file}' is too large.", file=path.name),
            _("It may have {most:,} KB here.", most=LARGEST // 1000),
            _("Use a smaller file."),
        )
    cells = _lines(path) if path.suffix.lower() in LINES else _column(path, limits)
    texts = [" ".join(cell.split()) for cell in cells]
    found = list(dict.fromkeys(text for text in texts if text))
    if not found:
        raise StudioError(_("'{file}' holds no texts.", file=path.name), "", _("Bring a file with a text in each row."))
    return found


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    encoding = guess_encoding(data).partition("+")[0]
    return data.decode(encoding, errors="replace").replace(UNREADABLE, "").lstrip("\ufeff").splitlines()


def _column(path: Path, limits: Limits) -> list[str]:
    """The cells of the column that looks most like texts."""
    table, _problems = read_table(path, None, limits)
    profiles = [profile for profile in profile_columns(table) if profile.filled]
    if not profiles:
        return []
    best = max(profiles, key=lambda profile: FIELDS["text"].fit(profile, ""))
    return [str(cell) for cell in table[best.name].dropna()]
