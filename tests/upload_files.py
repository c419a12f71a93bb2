"""Folders to import, made in tests, and the result of importing them."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image

from studio.data.content import Content, read_source
from studio.data.folders.base import Upload, find
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.data.progress import silent
from studio.data.sources import PathSource


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def blank(width: int, height: int, form: str = "PNG", **options: object) -> bytes:
    """An image of one colour."""
    return encoded(Image.new("RGB", (width, height), "grey"), form, **options)


def put(folder: Path, files: Mapping[str, bytes | str]) -> list[str]:
    """Write files, name -> content; returns the names."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(files)


def upload_of(folder: Path, names: list[str], **limits: int) -> Upload:
    return Upload(folder, find(names), ReadingOptions(), Limits.read(limits))


def import_folder(folder: Path, files: Mapping[str, bytes | str] | None = None, **limits: int) -> Content:
    """What an import of `folder` (with these files) gives; copies of images lie in a folder `stored` beside it."""
    put(folder, files or {})
    stored = folder.parent / f"{folder.name} stored"
    return read_source(PathSource(folder), ReadingOptions(), stored, Limits.read(limits), silent)
