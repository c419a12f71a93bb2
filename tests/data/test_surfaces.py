"""The generated sample of surfaces: as many of every class, the same every time, and only the flaw tells the class."""

from collections import Counter
from pathlib import Path

import numpy
import pytest
from PIL import Image

from studio.data import surfaces
from studio.data.progress import silent
from studio.data.surface_flaws import FLAWS
from studio.data.surface_materials import MATERIALS
from studio.data.surfaces import PICTURES_PER_CLASS, material_of, write_surfaces

CLASSES = {"dent", "none", "scratch", "stain"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surfaces")
    write_surfaces(folder, silent)
    return folder


def test_every_class_has_as_many_pictures(written: Path) -> None:
    assert {folder.name for folder in written.iterdir()} == CLASSES == set(FLAWS)
    for folder in written.iterdir():
        pictures = sorted(folder.iterdir())
        assert [path.name for path in pictures] == [f"{folder.name}-{n:03}.jpg" for n in range(1, 121)]
        for path in pictures:
            with Image.open(path) as picture:
                assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (128, 128))


def test_every_class_has_every_material_equally_often() -> None:
    counts = Counter(material_of(number) for number in range(1, PICTURES_PER_CLASS + 1))
    assert set(counts) == set(MATERIALS)
    assert set(counts.values()) == {10}


def test_no_two_pictures_are_alike_and_none_is_black_or_white(written: Path) -> None:
    contents = {path.read_bytes() for path in written.rglob("*.jpg")}
    assert len(contents) == 480
    for path in written.rglob("*.jpg"):
        with Image.open(path) as picture:
            values = numpy.asarray(picture)
        assert 40 < values.mean() < 225, path
        assert values.std() > 5, path


def test_brightness_and_colour_do_not_tell_the_class(written: Path) -> None:
    means = {
        folder.name: numpy.mean(
            [numpy.asarray(Image.open(path)).mean(axis=(0, 1)) for path in folder.iterdir()], axis=0
        )
        for folder in written.iterdir()
    }
    assert max(abs(one - other).max() for one in means.values() for other in means.values()) < 16


def test_the_same_pictures_every_time(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "PICTURES_PER_CLASS", 12)
    told: list[tuple[int, int]] = []
    write_surfaces(tmp_path, lambda sentence, done, total: told.append((done, total)))
    again = sorted(tmp_path.rglob("*.jpg"))
    assert len(again) == 48
    assert all(path.read_bytes() == (written / path.relative_to(tmp_path)).read_bytes() for path in again)
    assert told == sorted(told) and len(told) == 48 and told[-1][1] == 48


def test_another_seed_gives_other_pictures(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surfaces, "PICTURES_PER_CLASS", 1)
    monkeypatch.setattr(surfaces, "SEED", 2)
    write_surfaces(tmp_path, silent)
    first = "scratch/scratch-001.jpg"
    assert (tmp_path / first).read_bytes() != (written / first).read_bytes()
