"""The sample of handwritten digits is what its recipe makes of the set that comes with scikit-learn."""

import io
import zipfile
from pathlib import Path

from PIL import Image, ImageChops

from assets.recipes.digits import draw_digits
from assets.recipes.packing import pack
from studio.data.samples import SAMPLES


def pixels(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_recipe_draws_what_is_shipped() -> None:
    drawn = dict(draw_digits())
    with zipfile.ZipFile(SAMPLES["handwritten-digits"].path) as archive:
        assert archive.namelist() == list(drawn)
        for name, content in drawn.items():
            shipped = pixels(archive.read(name))
            assert (shipped.mode, shipped.size) == ("L", (64, 64))
            assert ImageChops.difference(pixels(content), shipped).getbbox() is None, name


def test_the_same_images_give_the_same_file_on_any_day(tmp_path: Path) -> None:
    shipped = SAMPLES["handwritten-digits"].path
    with zipfile.ZipFile(shipped) as archive:
        pack(((name, archive.read(name)) for name in archive.namelist()), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == shipped.read_bytes()
