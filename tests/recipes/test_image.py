"""Generated images: the same for the same seed, whole, and different from class to class."""

from pathlib import Path

import numpy as np
import pytest
import torch

from assets.recipes.image.card import read_recipe, write_card
from assets.recipes.image.drawing.fields import KINDS, draw_fields, surfaces
from assets.recipes.image.drawing.fractals import draw_fractals, systems
from assets.recipes.image.drawing.images import CLASSES, FAMILIES, PER_FAMILY, QUALITIES, draw
from assets.recipes.image.drawing.outlines import draw_outlines, draw_solids, outlines, solids
from assets.recipes.image.drawing.strokes import draw_signs, pieces, signs
from assets.recipes.image.training import network
from assets.recipes.image.views import blended, shown
from assets.recipes.image.writing import SIGNS, learn_to_read, written
from studio.errors import StudioError

SIDE = 40
ROWS = np.array([0, 1, 2, 3])
MIDDLE = np.zeros((2, 4), np.float32)
SCALE = np.full(4, 0.8, np.float32)
UPRIGHT = np.zeros(4, np.float32)


def random() -> np.random.Generator:
    return np.random.default_rng(5)


def test_the_same_seed_draws_the_same_images() -> None:
    first, second, other = draw(60, 3, SIDE), draw(60, 3, SIDE), draw(60, 4, SIDE)
    for name in ("pixels", "classes", "qualities"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


def test_images_have_the_promised_form() -> None:
    drawn = draw(120, 1, SIDE)
    assert drawn.pixels.shape == (120, SIDE, SIDE, 3) and drawn.pixels.dtype == np.uint8
    assert drawn.classes.shape == (120,) and drawn.classes.min() >= 0 and drawn.classes.max() < CLASSES
    assert set(drawn.classes // PER_FAMILY) == set(range(len(FAMILIES)))
    assert drawn.qualities.shape == (120, len(QUALITIES)) and drawn.qualities.dtype == np.float32
    assert np.isfinite(drawn.qualities).all() and np.abs(drawn.qualities).max() <= 1


def test_images_are_neither_empty_nor_alike() -> None:
    drawn = draw(60, 2, SIDE)
    contrast = drawn.pixels.reshape(60, -1).std(axis=1)
    assert (contrast > 2).mean() > 0.9  # a few hide their thing in the colour of the ground, as the world does
    assert len(np.unique(drawn.pixels.reshape(60, -1), axis=0)) == 60
    assert 60 < drawn.pixels.mean() < 200


def covers() -> dict[str, np.ndarray]:
    thick = np.full(4, 0.05, np.float32)
    shapes, light = outlines(8, 1), np.zeros(4, np.float32)
    where = (MIDDLE, SCALE, UPRIGHT)
    return {
        "outlines": draw_outlines(shapes, ROWS, *where, UPRIGHT, SIDE),
        "lines": draw_outlines(shapes, ROWS, *where, thick, SIDE),
        "solids": draw_solids(solids(8, 8, 1), shapes, ROWS, *where, light, random(), SIDE)[0],
        "fractals": draw_fractals(systems(8, 1), ROWS, *where, random(), SIDE),
        "signs": draw_signs(signs(8, 1), ROWS, *where, thick, random(), SIDE),
    }


@pytest.mark.parametrize("name", ["outlines", "lines", "solids", "fractals", "signs"])
def test_every_class_is_a_thing_of_its_own(name: str) -> None:
    cover = covers()[name]
    assert cover.shape == (4, SIDE, SIDE) and cover.dtype == np.float32
    assert cover.min() >= 0 and cover.max() <= 1
    assert (cover.mean(axis=(1, 2)) > 0.002).all()
    for first in range(4):
        for second in range(first):
            assert np.abs(cover[first] - cover[second]).mean() > 0.002


def test_every_surface_is_drawn_between_nought_and_one() -> None:
    count = 2 * len(KINDS)
    rows, angle = np.arange(count), np.zeros(count, np.float32)
    values, frequency = draw_fields(surfaces(count, 1), rows, angle, random(), SIDE)
    assert values.shape == (count, SIDE, SIDE) and np.isfinite(values).all()
    assert values.min() >= 0 and values.max() <= 1
    assert (values.std(axis=(1, 2)) > 0.02).all()
    assert (frequency > 0.9).all() and (frequency < 12).all()


def test_a_turned_outline_is_turned() -> None:
    """A quarter turn in the formula is a quarter turn of the image."""
    shapes = outlines(8, 1)
    quarter = np.full(4, np.pi / 2, np.float32)
    straight = draw_outlines(shapes, ROWS, MIDDLE, SCALE, UPRIGHT, UPRIGHT, SIDE)
    turned = draw_outlines(shapes, ROWS, MIDDLE, SCALE, quarter, UPRIGHT, SIDE)
    assert np.abs(np.rot90(straight, -1, axes=(1, 2)) - turned).mean() < 0.03


def test_pieces_lie_on_top_of_each_other() -> None:
    maps = pieces(np.array([0, 3, 90]), random(), SIDE)
    assert maps.dtype == np.uint8 and not maps[0].any()
    assert set(np.unique(maps[1])) <= {0, 1, 2, 3} and len(np.unique(maps[2])) > 20


def test_two_steps_of_the_recipe_give_a_model_that_loads(tmp_path: Path) -> None:
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    from assets.recipes.image.make import USED, draw_pool, save
    from assets.recipes.image.training import Plan, train

    pool = draw_pool(tmp_path / "pool", 150, 7)
    again = draw_pool(tmp_path / "pool", 150, 7)
    assert np.array_equal(pool["pixels"], again["pixels"])
    model, account = train(pool, None, Plan(steps=2, batch=64))
    assert account["steps"] == 2
    save(model, tmp_path / "model")
    assert sum(path.stat().st_size for path in (tmp_path / "model").iterdir()) < 6_000_000
    loaded = AutoModelForImageClassification.from_pretrained(tmp_path / "model", dtype=torch.float32)
    processor = AutoImageProcessor.from_pretrained(tmp_path / "model")
    values = processor(images=[pool["pixels"][0]], return_tensors="pt")["pixel_values"]
    assert values.shape == (1, 3, USED, USED)
    assert torch.isfinite(loaded.eval()(values).logits).all()


def test_a_view_knows_what_was_blended_into_it() -> None:
    """Of white images with black partners, the mean brightness is the share."""
    torch.manual_seed(3)
    white = torch.ones(200, 3, 32, 32)
    views, share, partner = blended(white)
    assert sorted(partner.tolist()) == list(range(200)) and torch.allclose(views, white)
    assert 0.2 < (share < 1).float().mean() < 0.6 and share.min() > 0.3
    halves = torch.cat([torch.ones(100, 3, 32, 32), -torch.ones(100, 3, 32, 32)])
    views, share, partner = blended(halves)
    own, other = halves[:, 0, 0, 0], halves[partner][:, 0, 0, 0]
    assert torch.allclose(views.mean(dim=(1, 2, 3)), share * own + (1 - share) * other, atol=1e-5)


def test_views_differ_and_stay_images() -> None:
    torch.manual_seed(3)
    pixels = torch.from_numpy(draw(60, 3, SIDE).pixels)
    view = shown(pixels, 48)
    assert view.pixels.shape == (60, 3, 48, 48) and view.pixels.abs().max() <= 1.001
    assert 10 < view.mirrored.sum() < 50
    assert not torch.allclose(view.pixels, shown(pixels, 48).pixels)


def test_written_signs_are_small_scans_of_their_table() -> None:
    table = signs(SIGNS, 99)
    images, classes = written(table, 40, random(), 128)
    assert images.shape == (40, 3, 128, 128) and images.min() >= -1 and images.max() <= 1
    assert classes.min() >= 0 and classes.max() < SIGNS and len(set(classes.tolist())) > 30
    assert (images.std(dim=(1, 2, 3)) > 0.02).all()
    steps = (images[:, 0, :, 1:] - images[:, 0, :, :-1]).abs().amax()
    assert steps < 0.7  # no edge is sharp: 20 pixels at most lie under 128
    again, same = written(table, 40, random(), 128)
    assert torch.equal(images, again) and torch.equal(classes, same)


def test_the_second_stage_keeps_part_of_the_change_and_all_statistics() -> None:
    pixels = draw(60, 3, SIDE).pixels
    torch.manual_seed(1)
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    account = learn_to_read(model, pixels, steps=2, seed=4, side=48)
    assert account["steps"] == 2 and set(account["losses"]) == {"sign", "kept"}
    after = model.state_dict()
    weights = [name for name, _ in model.base_model.named_parameters(prefix="resnet")]
    assert all(torch.equal(after[name], before[name]) for name in after if name not in weights)
    assert sum(not torch.equal(after[name], before[name]) for name in weights) == len(weights)
    torch.manual_seed(1)
    again = network()
    learn_to_read(again, pixels, steps=2, seed=4, side=48)
    assert all(torch.equal(value, after[name]) for name, value in again.state_dict().items())


def test_the_card_and_the_recipe_of_an_earlier_run_go_on(tmp_path: Path) -> None:
    plan = {"steps": 5, "minutes": 0.1, "losses": {"formula": 6.0}, "device": "cpu", "machine": "a processor"}
    plan |= {"images": 150, "taught": False, "batch": 64, "seed": 7}
    writing = {"steps": 1200, "minutes": 9.5, "losses": {"sign": 2.5, "kept": 0.125}, "seed": 7, "images": 150}
    write_card(tmp_path, {"formulas": plan, "writing": writing})
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "1,200 steps, 9.5 minutes" in card and "--steps 5" in card and "--writing 1200" in card
    assert "sign 2.50" in card and "Again" in card and "teacher" not in card.lower()
    assert read_recipe(tmp_path) == {"formulas": plan, "writing": writing}
    assert max(len(line) for line in card.splitlines()) <= 120


def test_a_teacher_that_is_not_there_is_named(tmp_path: Path) -> None:
    from assets.recipes.image.make import open_teacher

    with pytest.raises(StudioError, match="teacher"):
        open_teacher(tmp_path / "nowhere", {"pixels": np.zeros((1, 8, 8, 3), np.uint8)})


def test_a_teacher_is_asked_about_every_view(tmp_path: Path) -> None:
    from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

    from assets.recipes.image.make import draw_pool, open_teacher
    from assets.recipes.image.training import Plan, train

    MobileNetV2ForImageClassification(MobileNetV2Config(depth_multiplier=0.25)).save_pretrained(tmp_path / "teacher")
    pool = draw_pool(tmp_path / "pool", 150, 7)
    teacher = open_teacher(tmp_path / "teacher", pool)
    _, account = train(pool, teacher, Plan(steps=2, batch=16))
    assert account["steps"] == 2 and account["losses"]["teacher"] > 0
