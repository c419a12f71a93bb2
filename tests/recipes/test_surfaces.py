"""The sample of surfaces: as many of every class, only the flaw tells the class, and the recipe still draws it."""

import io
import itertools
import zipfile
from collections import Counter

import numpy
import pytest
from PIL import Image

from assets.recipes.surfaces.flaws import FLAWS
from assets.recipes.surfaces.make import PER_CLASS, draw_surface, draw_surfaces, material_of
from assets.recipes.surfaces.materials import MATERIALS
from studio.data.samples import SAMPLES


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def values(content: bytes) -> numpy.ndarray:
    return numpy.asarray(opened(content), dtype=numpy.float32)


@pytest.fixture(scope="module")
def shipped() -> dict[str, bytes]:
    with zipfile.ZipFile(SAMPLES["surface-inspection"].path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_class_has_as_many_images(shipped: dict[str, bytes]) -> None:
    numbers = range(1, PER_CLASS + 1)
    assert set(FLAWS) == {"dent", "none", "scratch", "stain"}
    assert list(shipped) == [f"{name}/{name}-{number:03}.jpg" for name in FLAWS for number in numbers]
    assert {(image.format, image.mode, image.size) for image in map(opened, shipped.values())} == {
        ("JPEG", "RGB", (128, 128))
    }


def test_every_class_has_every_material_equally_often() -> None:
    counts = Counter(material_of(number) for number in range(1, PER_CLASS + 1))
    assert set(counts) == set(MATERIALS)
    assert set(counts.values()) == {10}


def test_no_two_images_are_alike_and_none_is_black_or_white(shipped: dict[str, bytes]) -> None:
    assert len(set(shipped.values())) == 480
    for name, content in shipped.items():
        pixels = values(content)
        assert 40 < pixels.mean() < 225, name
        assert pixels.std() > 5, name


def test_brightness_and_colour_do_not_tell_the_class(shipped: dict[str, bytes]) -> None:
    means = [
        numpy.mean([values(content).mean(axis=(0, 1)) for name, content in shipped.items() if name.startswith(flaw)], 0)
        for flaw in FLAWS
    ]
    assert max(abs(one - other).max() for one, other in itertools.combinations(means, 2)) < 16


def test_the_recipe_draws_what_is_shipped(shipped: dict[str, bytes]) -> None:
    """One of every material and flaw. Another processor may round a few pixels otherwise, so they are compared."""
    for name, content in draw_surfaces(per_class=len(MATERIALS)):
        assert abs(values(content) - values(shipped[name])).mean() < 0.5, name


def test_another_seed_gives_other_images(shipped: dict[str, bytes]) -> None:
    position = list(FLAWS).index("scratch")
    assert abs(values(draw_surface(position, 1, seed=2)) - values(shipped["scratch/scratch-001.jpg"])).mean() > 5
