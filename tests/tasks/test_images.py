"""Images of every kind, and those that vary."""

import random
from pathlib import Path

import numpy
import pytest
import tiny
import torch
from PIL import Image
from transformers import AutoImageProcessor

from studio.data.image_files import load_image
from studio.tasks.images import Pixels, vary


def draw(path: Path, mode: str = "RGB", size: tuple[int, int] = (57, 43)) -> Path:
    pixels = numpy.random.default_rng(0).integers(0, 255, (*size[::-1], 3)).astype("uint8")
    image = Image.fromarray(pixels).resize(size).convert(mode)
    image.save(path)
    return path


def pixels_of(model: Path) -> Pixels:
    return Pixels(AutoImageProcessor.from_pretrained(model))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    chooser = random.Random(0)
    for index in range(12):
        (tmp_path / f"{index}.png").write_bytes(tiny.image(("across", "upright")[index % 2], chooser, 40))
    return tmp_path


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "LA", "I;16", "CMYK"])
def test_every_kind_of_image_is_three_channels(mode: str, image_model: Path, tmp_path: Path) -> None:
    if mode == "I;16":
        path = tmp_path / "a.png"
        Image.fromarray(numpy.linspace(0, 65535, 40 * 40, dtype="uint16").reshape(40, 40)).save(path)
    else:
        path = draw(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), mode)
    pixels = pixels_of(image_model).shrink(load_image(path))
    assert pixels.shape[0] == 3 and pixels.dtype == torch.uint8 and pixels.float().std() > 1


def test_variation_follows_the_seed(image_model: Path, files: Path) -> None:
    plain = pixels_of(image_model).shrink(load_image(files / "0.png"))
    torch.manual_seed(5)
    first = vary(plain)
    torch.manual_seed(5)
    assert torch.equal(vary(plain), first) and first.shape == plain.shape
