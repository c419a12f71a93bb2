"""One image: opening an untrusted file, turned upright and scaled down, and stored for training and preview."""

import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError

if TYPE_CHECKING:
    from PIL.Image import Image

# Only decoders of ordinary images: others (PostScript, say) start programs or are rarely looked after.
# A JPEG that holds several images (MPO, from phones) comes through the JPEG decoder.
DECODERS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
ENDINGS = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
UNSUPPORTED_ENDINGS = frozenset({".heic", ".heif", ".avif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng"})
MOST_MEGAPIXELS = 120
SHORT_SIDE, LONG_SIDE = 512, 2048
THUMBNAIL = 160
_KEPT_AS_THEY_ARE = {"JPEG": (".jpg", ".jpeg", ".jfif"), "PNG": (".png",), "WEBP": (".webp",)}
_LOSSY = ("JPEG", "MPO", "WEBP")
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Opened:
    """image: RGB and upright. intact: the file's bytes hold just that already. raw, orientation: see `StoredImage`."""

    image: "Image"
    format: str
    intact: bool
    raw: tuple[int, int]
    orientation: int


@dataclass(frozen=True)
class StoredImage:
    """A copy of an image. name: relative to the folder of copies. size: (width, height) of the copy, upright.

    raw: the size of the original file, before it was turned. orientation: how it had to be turned, as EXIF
    counts it: 1 not at all, 2 to 8 see `studio.data.annotations.turn`.
    """

    name: str
    size: tuple[int, int]
    raw: tuple[int, int]
    orientation: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """The size of the original file, as viewers show it."""
        return (self.raw[1], self.raw[0]) if self.orientation >= 5 else self.raw


def load_image(path: Path, short_side: int | None = None) -> "Image":
    """The image in RGB, upright, transparent parts on white; all code of the studio opens images this way.

    short_side: decode no larger than needed for this (a JPEG is decoded small, which is many times as fast);
    the result may still be larger. Raises StudioError when it cannot be read.
    """
    return _open(path, short_side).image


def store_image(path: Path, files: Path, thumbnails: Path, name: str) -> StoredImage:
    """Put a copy of at most 512 px (short side) below `files` and a thumbnail below `thumbnails`.

    An image that is small, upright and in a common format is copied byte for byte. The copy is called `name`, with
    another ending where the format had to change.
    """
    opened = _open(path, SHORT_SIDE)
    image = opened.image
    scale = min(1.0, SHORT_SIDE / min(image.size), LONG_SIDE / max(image.size))
    if scale < 1.0:
        image = image.resize(_scaled(image.size, scale), resample=3, reducing_gap=3.0)
    if opened.intact and scale == 1.0 and path.suffix.lower() in _KEPT_AS_THEY_ARE.get(opened.format, ()):
        shutil.copyfile(path, _room_for(files / name))
    elif scale == 1.0 and opened.format not in _LOSSY:
        name = _with_ending(name, ".png")
        image.save(_room_for(files / name), "PNG")
    else:
        name = _with_ending(name, ".jpg")
        image.save(_room_for(files / name), "JPEG", quality=93, subsampling=0)
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(_room_for(thumbnail_of(thumbnails, name)), "JPEG", quality=82)
    return StoredImage(name, image.size, opened.raw, opened.orientation)


def _with_ending(name: str, ending: str) -> str:
    return name if name.lower().endswith(ending) else name + ending


def thumbnail_of(thumbnails: Path, name: str) -> Path:
    """Where the thumbnail of the stored image `name` lies."""
    return thumbnails / f"{name}.jpg"


def _room_for(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _open(path: Path, short_side: int | None) -> Opened:
    from PIL import Image, ImageOps, UnidentifiedImageError

    if path.suffix.lower() in UNSUPPORTED_ENDINGS:
        raise unreadable(path, f"Images of the kind {path.suffix} are not supported.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own notes on size and on odd metadata
            with Image.open(path, formats=DECODERS) as opened:
                size, form = opened.size, opened.format or ""
                _check_pixels(path, size)
                if short_side:
                    opened.draft("RGB", (short_side, short_side))
                stated = opened.getexif().get(_ORIENTATION, 1)
                orientation = stated if stated in range(2, 9) else 1
                opened.load()
                plain = opened.mode in ("RGB", "L") and opened.size == size and "transparency" not in opened.info
                image = ImageOps.exif_transpose(opened) if orientation > 1 else opened
                raw = size[::-1] if form == "TIFF" and orientation >= 5 else size  # of a TIFF Pillow turns it itself
                return Opened(_to_rgb(image), form, plain and stated == 1, raw, orientation)
    except StudioError:
        raise
    except UnidentifiedImageError as error:  # its words are the file's whole path on this machine
        raise unreadable(path, "It cannot be opened as an image: it is damaged, or something else.") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is None:  # Pillow's own, such as "image file is truncated"
            raise unreadable(path, "The image file is damaged.") from error
        raise unreadable(path, f"It cannot be opened as an image ({error or type(error).__name__}).") from error


def _check_pixels(path: Path, size: tuple[int, int]) -> None:
    millions = size[0] * size[1] / 1e6
    if millions > MOST_MEGAPIXELS:
        raise unreadable(path, f"It has {millions:,.0f} million pixels; at most {MOST_MEGAPIXELS} million are read.")


def _to_rgb(image: "Image") -> "Image":
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # 16 bits a pixel and more: scanners, microscopes
        import numpy
        from PIL import Image as images

        values = numpy.asarray(image, dtype="float32")
        scale = 255 / 65535 if values.max() > 255 else 1.0
        return images.fromarray((values * scale).clip(0, 255).astype("uint8")).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        shown = image.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        return Image.alpha_composite(paper, shown).convert("RGB")
    return image.convert("RGB")


def unreadable(path: Path, why: str) -> StudioError:
    return StudioError(f"The image {path.name} cannot be used.", why, "Save it again as JPEG or PNG.")
