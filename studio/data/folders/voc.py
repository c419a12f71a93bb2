"""Pascal VOC: an XML file for each image, such as Annotations/1.xml for JPEGImages/1.jpg.

http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html. Lists in ImageSets/Main say which split an
image is in. Coordinates are taken as they are written, though the original counts from 1: most tools count from 0.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from studio.data.annotations import BOX, AnnotatedImage, RawBox, stated_size
from studio.data.folders.base import FolderFormat, Listing, Upload
from studio.data.folders.box_listing import list_images, listed_splits
from studio.data.folders.image_names import ImageNames
from studio.data.limits import MEGABYTE
from studio.errors import StudioError
from studio.language import _

LARGEST_FILE = 8 * MEGABYTE
HEAD = 4096
FILES_SEEN = 20  # to recognise a folder
SIDES = ("xmin", "ymin", "xmax", "ymax")
_LIST = re.compile(r"(^|/)ImageSets/Main/(train|val|test|trainval)\.txt$", re.IGNORECASE)


def recognises(upload: Upload) -> bool:
    files = _xml_files(upload)
    seen = files[:: max(1, len(files) // FILES_SEEN)]
    return bool(upload.found.images) and any(b"<annotation" in _head(upload, name) for name in seen)


def read(upload: Upload) -> Listing:
    names = ImageNames(upload.found.images)
    lists = [name for name in upload.found.tables if _LIST.search(name)]
    splits, problems = listed_splits(upload, lists, names)
    return list_images(_annotated(upload, names, splits), upload, problems)


def _xml_files(upload: Upload) -> list[str]:
    return [name for name in upload.found.others if name.lower().endswith(".xml")]


def _head(upload: Upload, name: str) -> bytes:
    with (upload.folder / name).open("rb") as file:
        return file.read(HEAD)


def _annotated(upload: Upload, names: ImageNames, splits: dict[str, str]) -> Iterator[AnnotatedImage]:
    for name in _xml_files(upload):
        try:
            root = parse_xml(upload.bytes(name, LARGEST_FILE))
        except StudioError as error:
            yield AnnotatedImage(name, None, fault=error.explanation.why)
            continue
        if root.tag != "annotation":
            continue
        stated = (root.findtext("filename") or "").strip()
        inside = names.inside(name)
        image = inside(PurePosixPath(name).stem) or inside(stated)
        boxes = [read_object(found, number) for number, found in enumerate(root.findall("object"), start=1)]
        size = stated_size(root.findtext("size/width"), root.findtext("size/height"))
        yield AnnotatedImage(stated or name, image, boxes, splits.get(image or ""), size)


def parse_xml(content: bytes) -> Element:
    """The root element. A document type, with which XML can name other files or grow without end, is refused."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(content, True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError, AssertionError) as error:
        raise StudioError(
            _("This is not valid XML."), _("It is not valid XML: {error}.", error=error), _("Save it again.")
        ) from error


def _refuse_document_type(*_unused: object) -> None:
    raise StudioError(
        _("This is not a plain XML file."), _("It declares a document type, which is not read."), _("Remove it.")
    )


def read_object(found: Element, number: int) -> RawBox:
    label = (found.findtext("name") or "").strip()
    frame = found.find("bndbox")
    if frame is None:
        return RawBox((), label, BOX, fault=_("It has no <bndbox>."), number=number)
    return RawBox([(frame.findtext(side) or "").strip() for side in SIDES], label, BOX, number=number)


VOC = FolderFormat("voc", "Pascal VOC", recognises, read)
