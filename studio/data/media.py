"""The kinds of files that rows name, which are stored when data is imported: images and recordings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from studio.data import audio_files, image_files
from studio.data.named_files import LONGEST_NAME
from studio.language import _, plural


@dataclass(frozen=True)
class Media:
    """name: of the field, and of the import's column that names the stored files. endings: of files that are taken
    for such; among them those that nothing here reads, so that it can be said.

    missing, unnamed: what is said of a row whose file is not there ({file}), and of one that names none. without: of
    data in which nothing can be used. bring: what to do then. left: of so many files that a table does not name.
    """

    name: str
    endings: frozenset[str]
    missing: str
    unnamed: str
    without: str
    bring: str
    left: Callable[[int], str]

    def is_named(self, cell: object) -> bool:
        """Whether a cell ends like the name of such a file, wherever that may lie."""
        if not isinstance(cell, str) or len(cell) > LONGEST_NAME:
            return False
        return PurePosixPath(cell.strip().replace("\\", "/")).suffix.lower() in self.endings


IMAGES = Media(
    "image",
    image_files.ENDINGS | image_files.UNSUPPORTED_ENDINGS,
    _("There is no image '{file}'."),
    _("This row names no image."),
    _("None of the images can be used."),
    _("Bring JPEG or PNG files, named as the table names them."),
    lambda count: plural(
        "{n:,} image is not named by the table and left out.",
        "{n:,} images are not named by the table and left out.",
        count,
    ),
)
SOUNDS = Media(
    "audio",
    audio_files.ENDINGS | audio_files.UNSUPPORTED_ENDINGS,
    _("There is no recording '{file}'."),
    _("This row names no recording."),
    _("None of the recordings can be used."),
    _("Bring WAV, FLAC, MP3 or OGG files, named as the table names them."),
    lambda count: plural(
        "{n:,} recording is not named by the table and left out.",
        "{n:,} recordings are not named by the table and left out.",
        count,
    ),
)
MEDIA = {each.name: each for each in (IMAGES, SOUNDS)}
