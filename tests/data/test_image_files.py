"""One image: modes, sizes, orientations, and files made to break a decoder."""

import random
import struct
import zlib
from pathlib import Path

import numpy
import pytest
import tiny
from PIL import Image
from upload_files import encoded, put

from studio.data.image_files import load_image, store_image, thumbnail_of
from studio.errors import StudioError


@pytest.fixture
def png() -> bytes:
    return tiny.image("across", random.Random(1))


def stored(tmp_path: Path, name: str, content: bytes) -> tuple[str, Image.Image]:
    put(tmp_path / "in", {name: content})
    copy = store_image(tmp_path / "in" / name, tmp_path / "files", tmp_path / "small", name)
    result = copy.name
    with Image.open(thumbnail_of(tmp_path / "small", result)) as small:
        assert max(small.size) <= 160
    image = Image.open(tmp_path / "files" / result)
    assert copy.size == image.size
    return result, image


def test_a_big_photo_is_stored_small(tmp_path: Path) -> None:
    name, image = stored(tmp_path, "a/big.JPG", encoded(Image.new("RGB", (3000, 2000), "red")))
    assert (name, image.size, image.format) == ("a/big.JPG", (768, 512), "JPEG")
    assert stored(tmp_path, "long.png", encoded(Image.new("RGB", (9000, 30)), "PNG"))[1].size == (2048, 7)


def test_a_photo_taken_sideways_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = Image.new("RGB", (80, 40), "blue")
    photo.paste("red", (0, 0, 40, 40))
    _, image = stored(tmp_path, "turned.jpg", encoded(photo, exif=exif, quality=95))
    assert image.size == (40, 80)
    assert image.getexif().get(0x0112, 1) == 1
    red, _, blue = image.getpixel((20, 10))  # type: ignore[misc]
    assert red > 200 > blue
    assert load_image(tmp_path / "in" / "turned.jpg").size == (40, 80)


@pytest.mark.parametrize(
    ("image", "form", "expected"),
    [
        (Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG", (255, 255, 255)),
        (Image.new("LA", (20, 20), (0, 255)), "PNG", (0, 0, 0)),
        (Image.new("P", (20, 20), 0), "GIF", (0, 0, 0)),
        (Image.new("CMYK", (20, 20), (0, 0, 0, 0)), "JPEG", (255, 255, 255)),
        (Image.new("1", (20, 20), 1), "BMP", (255, 255, 255)),
        (Image.fromarray(numpy.full((20, 20), 65535, dtype="uint16")), "PNG", (255, 255, 255)),
        (Image.fromarray(numpy.full((20, 20), 32768, dtype="uint16")), "TIFF", (127, 127, 127)),
    ],
    ids=["transparent", "grey and alpha", "gif", "cmyk", "bitmap", "16 bit white", "16 bit grey"],
)
def test_modes_of_pixels(tmp_path: Path, image: Image.Image, form: str, expected: tuple[int, ...]) -> None:
    _, result = stored(tmp_path, f"image.{form.lower()}", encoded(image, form))
    pixel = result.convert("RGB").getpixel((10, 10))
    assert all(abs(have - want) <= 2 for have, want in zip(pixel, expected, strict=True))  # type: ignore[arg-type]
    assert result.format in ("JPEG", "PNG")
    assert result.mode in ("RGB", "L")


def test_two_files_that_differ_in_their_ending_stay_two(tmp_path: Path, png: bytes) -> None:
    gif = encoded(Image.new("L", (8, 8)), "GIF")
    names = {
        stored(tmp_path, name, content)[0] for name, content in (("a/x.png", png), ("a/x.gif", gif), ("a/x.bmp", gif))
    }
    assert len(names) == 3


@pytest.mark.parametrize("size", [(11_000, 11_000), (60_000, 60_000)])
def test_an_image_with_too_many_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    small = encoded(Image.new("1", (8, 8)), "PNG")
    claim = b"IHDR" + struct.pack(">II", *size) + small[24:29]
    (tmp_path / "bomb.png").write_bytes(small[:12] + claim + struct.pack(">I", zlib.crc32(claim)) + small[33:])
    with pytest.raises(StudioError, match=r"million pixels|exceeds limit"):
        load_image(tmp_path / "bomb.png")


def test_programs_in_disguise_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(StudioError, match="cannot be used"):
        load_image(tmp_path / "page.jpg")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "upright"), [(1, (400, 200)), (3, (400, 200)), (6, (200, 400)), (8, (200, 400))]
)
def test_how_a_photo_was_turned_is_known(tmp_path: Path, form: str, orientation: int, upright: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = f"a.{form.lower()}"
    put(tmp_path, {name: encoded(Image.new("RGB", (400, 200)), form, exif=exif)})
    copy = store_image(tmp_path / name, tmp_path / "files", tmp_path / "small", name)
    assert (copy.raw, copy.orientation, copy.upright, copy.size) == ((400, 200), orientation, upright, upright)
