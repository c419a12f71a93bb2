"""Pictures of every kind, those that vary, and those that cannot be opened."""

import random
from pathlib import Path

import numpy
import pytest
import studio.tasks.pictures as module
import tiny
import torch
from PIL import Image
from studio.tasks.pictures import Pictures, Pixels, vary
from transformers import AutoImageProcessor

from studio.data.picture_files import load_picture
from studio.errors import StudioError


def draw(path: Path, mode: str = "RGB", size: tuple[int, int] = (57, 43)) -> Path:
    pixels = numpy.random.default_rng(0).integers(0, 255, (*size[::-1], 3)).astype("uint8")
    picture = Image.fromarray(pixels).resize(size).convert(mode)
    picture.save(path)
    return path


def pixels_of(model: Path) -> Pixels:
    return Pixels(AutoImageProcessor.from_pretrained(model))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    chooser = random.Random(0)
    for index in range(12):
        (tmp_path / f"{index}.png").write_bytes(tiny.picture(("across", "upright")[index % 2], chooser, 40))
    return tmp_path


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA", "I;16", "CMYK"])
def test_every_kind_of_picture_is_three_channels(mode: str, image_model: Path, tmp_path: Path) -> None:
    if mode == "I;16":
        path = tmp_path / "a.png"
        Image.fromarray(numpy.linspace(0, 65535, 40 * 40, dtype="uint16").reshape(40, 40)).save(path)
    else:
        path = draw(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), mode)
    pixels = pixels_of(image_model).shrink(load_picture(path))
    assert pixels.shape[0] == 3 and pixels.dtype == torch.uint8 and pixels.float().std() > 1


def test_variation_follows_the_seed(image_model: Path, files: Path) -> None:
    plain = pixels_of(image_model).shrink(load_picture(files / "0.png"))
    torch.manual_seed(5)
    first = vary(plain)
    torch.manual_seed(5)
    assert torch.equal(vary(plain), first) and first.shape == plain.shape


def test_pictures_are_decoded_once_where_there_is_room(
    image_model: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(module, "load_picture", lambda path: (opened.append(path), load_picture(path))[1])
    for room, times in ((10**6, 1), (10, 3)):
        opened.clear()
        pictures = Pictures([files / "0.png"], [1], pixels_of(image_model), augment=False, bytes_per_picture=room)
        assert [pictures[0]["labels"] for _ in range(3)] == [1, 1, 1] and len(opened) == times
        with pytest.raises(IndexError):
            pictures[1]


def test_a_picture_that_cannot_be_opened(image_model: Path, files: Path) -> None:
    (files / "3.png").write_bytes(b"nothing")
    pictures = Pictures([files / "3.png"], [1], pixels_of(image_model), augment=False, bytes_per_picture=10**6)
    with pytest.raises(StudioError, match=r"3\.png"):
        pictures[0]
