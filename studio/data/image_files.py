"""One image: opening an untrusted file, turned upright and scaled down, and stored for training and preview."""

import hashlib
import shutil
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.language import _

if TYPE_CHECKING:
    from PIL.Image import Image

# Only decoders of ordinary images: others (PostScript, say) start programs or are rarely looked after.
# A JPEG that holds several images (MPO, from phones) comes through the JPEG decoder.
DECODERS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
ENDINGS = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
UNSUPPORTED_ENDINGS = frozenset({".heic", ".heif", ".avif", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng"})
MOST_MEGAPIXELS = 120
LARGE = 8_000_000  # pixels: such an image is made smaller in strips, and decoded alone
STRIP = 64  # rows of the smaller image
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
    counts it: 1 not at all, 2 to 8 see `studio.data.annotations.turn`. content: the same for the same pixels alone.
    """

    name: str
    size: tuple[int, int]
    raw: tuple[int, int]
    orientation: int = 1
    content: str = ""

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


def store_image(
    path: Path, files: Path, thumbnails: Path, name: str, alone: AbstractContextManager[object] | None = None
) -> StoredImage:
    """Put a copy of at most 512 px (short side) below `files` and a thumbnail below `thumbnails`.

    An image that is small, upright and in a common format is copied byte for byte. The copy is called `name`, with
    another ending where the format had to change. alone: held while a large image is in memory.
    """
    opened = _open(path, SHORT_SIDE, alone)
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
    return StoredImage(name, image.size, opened.raw, opened.orientation, _content_of(image))


def _content_of(image: "Image") -> str:
    return hashlib.blake2b(f"{image.size}".encode() + image.tobytes(), digest_size=16).hexdigest()


def _with_ending(name: str, ending: str) -> str:
    return name if name.lower().endswith(ending) else name + ending


def thumbnail_of(thumbnails: Path, name: str) -> Path:
    """Where the thumbnail of the stored image `name` lies, or the drawing of a recording."""
    return thumbnails / (f"{name}.png" if name.endswith(".flac") else f"{name}.jpg")


def _room_for(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _open(path: Path, short_side: int | None, alone: AbstractContextManager[object] | None = None) -> Opened:
    from PIL import Image, ImageOps, UnidentifiedImageError

    if path.suffix.lower() in UNSUPPORTED_ENDINGS:
        raise unreadable(path, _("Images of the kind {ending} are not supported.", ending=path.suffix))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own notes on size and on odd metadata
            # as a stream: files that Pillow maps into memory it turns wrongly (12.3: grey and CMYK TIFFs)
            with path.open("rb") as stream, Image.open(stream, formats=DECODERS) as opened:
                size, form = opened.size, opened.format or ""
                _check_pixels(path, size)
                if short_side:
                    opened.draft("RGB", (short_side, short_side))
                is_large = opened.width * opened.height > LARGE
                with alone if alone and is_large else nullcontext():
                    stated = opened.getexif().get(_ORIENTATION, 1)  # of a PNG this decodes the whole image
                    orientation = stated if stated in range(2, 9) else 1
                    raw = size[::-1] if form == "TIFF" and orientation >= 5 else size  # Pillow turns those itself
                    opened.load()
                    plain = opened.mode in ("RGB", "L") and opened.size == size and "transparency" not in opened.info
                    image = _in_strips(opened, short_side) if is_large else opened
                    if orientation > 1 and form != "TIFF":  # which Pillow has turned already
                        image = ImageOps.exif_transpose(image)
                    if is_large:
                        opened.close()  # before another one is opened
                    else:
                        image = _to_rgb(image)
                return Opened(image, form, plain and stated == 1 and not is_large, raw, orientation)
    except (StudioError, MemoryError):
        raise
    except UnidentifiedImageError as error:  # its words are the file's whole path on this machine
        raise unreadable(path, _("It cannot be opened as an image: it is damaged, or something else.")) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is None:  # Pillow's own, such as "image file is truncated"
            raise unreadable(path, _("The image file is damaged.")) from error
        why = _("It cannot be opened as an image ({error}).", error=str(error) or type(error).__name__)
        raise unreadable(path, why) from error


def _check_pixels(path: Path, size: tuple[int, int]) -> None:
    millions = size[0] * size[1] / 1e6
    if millions > MOST_MEGAPIXELS:
        why = _(
            "It has {millions:,.0f} million pixels; at most {most} million are read.",
            millions=millions,
            most=MOST_MEGAPIXELS,
        )
        raise unreadable(path, why)


def _in_strips(image: "Image", short_side: int | None) -> "Image":
    """The image in RGB, made smaller by a whole number as far as at least three times `short_side` is left, without a
    second one of its size in memory. What it says of its orientation goes along."""
    from PIL import Image

    factor = max(1, min(image.size) // (3 * short_side)) if short_side else 1
    brightest = _brightest(image)
    small = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, small.height, STRIP):
        bottom = min(image.height, (top + STRIP) * factor)
        strip = image.crop((0, top * factor, image.width, bottom))
        small.paste(_to_rgb(strip, brightest).reduce(factor), (0, top))
    small.info = {key: value for key, value in image.info.items() if key == "exif"}
    return small


def _brightest(image: "Image") -> float | None:
    """The largest value of an image with 16 bits a pixel or more."""
    return float(image.getextrema()[1]) if image.mode.startswith(("I", "F")) else None  # type: ignore[arg-type]


def _to_rgb(image: "Image", brightest: float | None = None) -> "Image":
    """brightest: the largest value of the whole image, where this is a part of it."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # 16 bits a pixel and more: scanners, microscopes
        import numpy
        from PIL import Image as images

        values = numpy.asarray(image, dtype="float32")
        scale = 255 / 65535 if (values.max() if brightest is None else brightest) > 255 else 1.0
        return images.fromarray((values * scale).clip(0, 255).astype("uint8")).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        shown = image.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        return Image.alpha_composite(paper, shown).convert("RGB")
    return image.convert("RGB")


def unreadable(path: Path, why: str) -> StudioError:
    return StudioError(_("The image {file} cannot be used.", file=path.name), why, _("Save it again as JPEG or PNG."))
