"""Images: layouts of folders, tables that name them, and files made to break a decoder."""

import random
import struct
import time
import zlib
from io import BytesIO
from pathlib import Path

import numpy
import pandas
import pytest
import tiny
from PIL import Image

from studio.data.image_files import load_image, store_image, thumbnail_of
from studio.data.images import Images, find, from_folders, from_tables, read_images, wrapping
from studio.data.limits import Limits
from studio.data.options import ReadingOptions
from studio.errors import StudioError


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def put(folder: Path, **files: bytes | str) -> list[str]:
    """Write files whose names use `__` for `/`."""
    names = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        names.append(name)
    return names


def read(folder: Path, names: list[str], **limits: int) -> Images:
    stored = folder.parent / "stored"
    return read_images(
        folder, find(names), stored / "files", stored / "thumbnails", ReadingOptions(), Limits.read(limits)
    )


@pytest.fixture
def png() -> bytes:
    return tiny.picture("across", random.Random(1))


# --- folders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["", "photos/", "my set/photos/"])
@pytest.mark.parametrize(
    ("paths", "labels", "splits"),
    [
        (["ant/1.jpg", "bee/1.jpg"], ["ant", "bee"], None),
        (["train/ant/1.jpg", "val/bee/1.jpg"], ["ant", "bee"], ["train", "validation"]),
        (
            ["Test/ant/1.jpg", "Train/bee/1.jpg", "valid/bee/2.jpg"],
            ["ant", "bee", "bee"],
            ["test", "train", "validation"],
        ),
        (["ant/big/1.jpg", "bee/1.jpg"], ["ant", "bee"], None),
        (["train/ant/1.jpg", "train/bee/1.jpg"], ["ant", "bee"], ["train", "train"]),
        (["extra/ant/1.jpg", "test/bee/1.jpg", "train/ant/1.jpg"], [None, "bee", "ant"], [None, "test", "train"]),
        (["test/loose.jpg", "train/ant/1.jpg"], [None, "ant"], ["test", "train"]),
    ],
)
def test_layouts(around: str, paths: list[str], labels: list, splits: list | None) -> None:
    table = from_folders([around + path for path in paths])
    assert [None if pandas.isna(label) else label for label in table["label"]] == labels
    assert list(table.index) == list(range(1, len(paths) + 1))
    if splits is None:
        assert "split" not in table
    else:
        assert [None if pandas.isna(part) else part for part in table["split"]] == splits


def test_what_systems_leave_behind_is_passed_over() -> None:
    found = find(["a/1.JPG", "__MACOSX/a/._1.jpg", "a/.DS_Store", "a/Thumbs.db", "README.md", "labels.csv", ".x/1.png"])
    assert (found.images, found.tables, found.others) == (["a/1.JPG"], ["labels.csv"], ["README.md"])


def test_one_class_alone_is_no_wrapping() -> None:
    assert wrapping(["ant/1.jpg", "ant/2.jpg"]) == 0
    assert wrapping(["train/ant/1.jpg"]) == 0


def test_broken_pictures_are_reported_and_the_rest_goes_on(tmp_path: Path, png: bytes) -> None:
    jpeg = encoded(Image.fromarray(numpy.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype("uint8")))
    names = put(
        tmp_path / "up",
        **{
            "a/cut.jpg": jpeg[: len(jpeg) // 2],
            "a/empty.png": b"",
            "a/fine.png": png,
            "b/not.jpg": "hello",
            "b/phone.heic": b"....ftypheic",
            "b/fine.jpg": jpeg,
            "notes.md": "read me",
        },
    )
    result = read(tmp_path / "up", names)
    assert list(result.table["image"]) == ["a/fine.png", "b/fine.jpg"]
    assert [(p.row, p.drops) for p in result.problems] == [(0, False), (1, True), (2, True), (5, True), (6, True)]
    assert "a/cut.jpg" in result.problems[1].what
    assert "notes.md" in result.problems[0].why
    assert not any(str(tmp_path) in f"{p.what} {p.why}" for p in result.problems), "where things lie here is not theirs"
    assert (tmp_path / "stored/files/a/fine.png").read_bytes() == png  # small ones stay byte for byte


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="None of the pictures"):
        read(tmp_path / "up", put(tmp_path / "up", **{"a/1.jpg": "no", "b/1.jpg": "no"}))


# --- tables that name pictures --------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [["pics/one.png", "pics/two.png"], ["one.png", "./two.png"], ["one", "two"], ["pics\\one.png", "two"]],
)
def test_a_table_names_the_pictures(tmp_path: Path, png: bytes, cells: list[str]) -> None:
    table = f"file,kind,split\n{cells[0]},x,train\n{cells[1]},y,test\nmissing.png,x,train\n,y,train\n"
    names = put(tmp_path / "up", **{"set/labels.csv": table, "set/pics/one.png": png, "set/pics/two.png": png})
    result = read(tmp_path / "up", names)
    assert list(result.table.columns) == ["image", "kind", "split"]
    assert list(result.table["image"]) == ["set/pics/one.png", "set/pics/two.png"]
    assert list(result.table["kind"]) == ["x", "y"]
    assert [p.row for p in result.problems] == [3, 4]
    assert "'missing.png'" in result.problems[0].what
    assert result.reading.delimiter == ","


def test_one_table_per_part(tmp_path: Path, png: bytes) -> None:
    names = put(
        tmp_path / "up",
        **{
            "train.csv": "id,label\n1,x\n2,y\n9,y\n",
            "test.csv": "id,label\n3,x\n",
            "img/1.png": png,
            "img/2.png": png,
            "img/3.png": png,
        },
    )
    result = read(tmp_path / "up", names)
    by_image = result.table.set_index("image")
    assert dict(by_image["split"]) == {"img/1.png": "train", "img/2.png": "train", "img/3.png": "test"}
    assert result.table.index.is_unique
    assert len([p for p in result.problems if p.drops]) == 1


def test_a_table_about_something_else_is_ignored(tmp_path: Path, png: bytes) -> None:
    names = put(tmp_path / "up", **{"a/1.png": png, "b/2.png": png, "prices.csv": "what,price\nx,10.50\ny,20.50\n"})
    result = read(tmp_path / "up", names)
    assert list(result.table["label"]) == ["a", "b"]
    assert "prices.csv" in result.problems[0].why


# --- one picture ----------------------------------------------------------------------------------


def stored(tmp_path: Path, name: str, content: bytes) -> tuple[str, Image.Image]:
    put(tmp_path / "in", **{name: content})
    result = store_image(tmp_path / "in" / name, tmp_path / "files", tmp_path / "small", name)
    with Image.open(thumbnail_of(tmp_path / "small", result)) as small:
        assert max(small.size) <= 160
    return result, Image.open(tmp_path / "files" / result)


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
    _, result = stored(tmp_path, f"picture.{form.lower()}", encoded(image, form))
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
def test_a_picture_with_too_many_pixels(tmp_path: Path, size: tuple[int, int]) -> None:
    small = encoded(Image.new("1", (8, 8)), "PNG")
    claim = b"IHDR" + struct.pack(">II", *size) + small[24:29]
    (tmp_path / "bomb.png").write_bytes(small[:12] + claim + struct.pack(">I", zlib.crc32(claim)) + small[33:])
    with pytest.raises(StudioError, match=r"million pixels|exceeds limit"):
        load_image(tmp_path / "bomb.png")


def test_programs_in_disguise_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(StudioError, match="cannot be used"):
        load_image(tmp_path / "page.jpg")


def test_a_small_file_beside_each_picture_costs_nothing(tmp_path: Path) -> None:
    """Sets made for finding things bring one text file a picture: none of them is the table."""
    pictures = [f"cat/{n}.png" for n in range(3000)]
    notes = put(tmp_path / "up", **{f"cat/{n}.txt": "0 0.5 0.5 0.1 0.1\n" for n in range(3000)})
    begin = time.process_time()
    assert from_tables(tmp_path / "up", find([*pictures, *notes]), ReadingOptions(), Limits()) is None
    assert time.process_time() - begin < 5  # about 0.1 s


def test_a_bare_list_of_pictures_has_no_header(tmp_path: Path, png: bytes) -> None:
    names = put(tmp_path / "up", **{f"img/photo_{n}.png": png for n in range(4)})
    names += put(tmp_path / "up", **{"train.txt": "photo_0\nphoto_1\n", "test.txt": "photo_2\nphoto_3\n"})
    result = read(tmp_path / "up", names)
    assert list(result.table["image"]) == [f"img/photo_{n}.png" for n in (2, 3, 0, 1)]
    assert list(result.table["split"]) == ["test", "test", "train", "train"]
    assert result.reading.header is False


def test_pictures_that_the_table_forgets_are_told(tmp_path: Path, png: bytes) -> None:
    names = put(tmp_path / "up", **{f"{n}.png": png for n in range(5)})
    result = read(tmp_path / "up", [*names, *put(tmp_path / "up", **{"labels.csv": "file,label\n0.png,a\n1.png,b\n"})])
    assert len(result.table) == 2
    assert [(p.row, p.drops, p.what) for p in result.problems] == [
        (0, False, "3 pictures are not named by the table and left out.")
    ]
