"""The formats of folders and archives. A new one: one file here, one line below.

They are asked in this order, the most specific first; the first that recognises an upload reads it.
"""

from studio.data.folders.base import FolderFormat, Upload
from studio.data.folders.box_table import BOX_TABLE
from studio.data.folders.class_folders import CLASS_FOLDERS, SOUND_FOLDERS
from studio.data.folders.coco import COCO
from studio.data.folders.image_table import IMAGE_TABLE, SOUND_TABLE
from studio.data.folders.mask_folders import MASK_FOLDERS
from studio.data.folders.split_tables import SPLIT_TABLES
from studio.data.folders.voc import VOC
from studio.data.folders.yolo import YOLO
from studio.errors import StudioError
from studio.language import _, listing
from studio.registry import Registry

FOLDERS: Registry[FolderFormat] = Registry(
    "folder format",
    *(VOC, COCO, YOLO, BOX_TABLE, IMAGE_TABLE, MASK_FOLDERS, CLASS_FOLDERS),
    *(SOUND_TABLE, SOUND_FOLDERS, SPLIT_TABLES),
)


def find_folder_format(upload: Upload) -> FolderFormat:
    """The reader for an upload. Raises StudioError where there is none."""
    for known in FOLDERS:
        if known.recognises(upload):
            return known
    there = (upload.found.tables + upload.found.others)[:3]
    what = _("It holds {files}.", files=listing(there)) if there else _("It holds no files.")
    raise StudioError(
        _("Nothing in it can be read as data."),
        what,
        _(
            "Use a ZIP of one table, of tables called train and test, or of images or recordings in one folder for "
            "each class."
        ),
    )
