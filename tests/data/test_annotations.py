"""Boxes on their way from an annotation file to the stored image."""

from typing import Any

import pytest
from PIL import Image, ImageOps

from studio.data.annotations import AnnotatedImage, RawBox, frame_of, place_boxes, stated_size, turn
from studio.data.image_files import StoredImage

SAME = StoredImage("a.jpg", (100, 80), (100, 80))


def raw(*values: Any, label: Any = "cat", **more: Any) -> RawBox:
    return RawBox(values, label, "box 1", **more)


def placed(box: RawBox, stored: StoredImage = SAME, size: tuple[int, int] | None = None) -> tuple[Any, str]:
    """(the sides of the stored box or None, what was said)."""
    boxes, problems = place_boxes(7, AnnotatedImage("x/a.jpg", "x/a.jpg", [box], size=size), stored)
    assert all(problem.row == 7 and not problem.drops for problem in problems)
    sides = boxes[0].as_dict()["box"] if boxes else None
    return sides, " ".join(f"{problem.what} {problem.why}" for problem in problems)


@pytest.mark.parametrize(
    ("box", "sides"),
    [
        (raw(10, 20, 40, 60), [10, 20, 30, 40]),
        (raw("10", " 20.5 ", "40", "60"), [10, 20.5, 30, 39.5]),
        (raw(10, 20, 30, 40, form="sides"), [10, 20, 30, 40]),
        (raw(0.5, 0.5, 0.2, 0.5, form="centre", shares=True), [40, 20, 20, 40]),
        (raw(0.1, 0.25, 0.4, 0.75, shares=True), [10, 20, 30, 40]),
        (raw(-0.4, 0, 100.9, 80), [0, 0, 100, 80]),  # rounding is nobody's mistake
    ],
)
def test_forms_of_a_box(box: RawBox, sides: list[float]) -> None:
    assert placed(box) == (sides, "")


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (raw(10, 20, 10, 20), "'cat' has no area: 0 x 0 pixels at (10, 20)"),
        (raw(40, 20, 10, 60), "'cat' has no area: -30 x 40"),
        (raw(200, 20, 240, 60), "'cat' lies outside the image: 40 x 40 pixels at (200, 20) of 100 x 80"),
        (raw(90, 20, 140, 60), "Most of 'cat' lies outside the image"),
        (raw(1, 2, 3), "It has 3 numbers instead of 4"),
        (raw(1, 2, 3, 4, 5), "It has 5 numbers instead of 4"),
        (raw(1, 2, float("nan"), 4), "'nan' is not a number"),
        (raw(1, 2, float("inf"), 4), "'inf' is not a number"),
        (raw(1, 2, None, 4), "'None' is not a number"),
        (raw(1, 2, [3], {}), "'[3]' is not a number"),
        (raw(1, 2, True, 4), "'True' is not a number"),
        (raw(1, 2, 10**400, 4), "is not a number"),
        (raw(0, 0, 1e300, 1e308), "too large"),
        (raw(1, 2, 1e308, 1e308, form="sides", shares=True), "too large"),
        (raw(10, 20, 10.001, 60), "'cat' is too small"),
        (raw(10, 20, 40, 60, label=None), "It has no class"),
        (raw(10, 20, 40, 60, label=" "), "It has no class"),
        (raw(10, 20, 40, 60, label=["cat"]), "It has no class"),
        (raw(10, 20, 40, 60, fault="The class 9 is not known."), "The class 9 is not known."),
    ],
)
def test_unusable_boxes_are_named(box: RawBox, why: str) -> None:
    sides, said = placed(box)
    assert sides is None
    assert said.startswith("a.jpg: box 1 is left out. ")
    assert why in said


def test_a_box_that_sticks_out_a_little_is_cut() -> None:
    sides, said = placed(raw(70, -5, 110, 40))
    assert sides == [70, 0, 30, 40]
    assert said == "a.jpg: box 1 was cut at the edge of the image. 'cat' sticks out by 10 pixels."


def test_boxes_shrink_with_their_image() -> None:
    assert placed(raw(300, 200, 600, 1000), StoredImage("a.jpg", (768, 512), (3000, 2000)))[0] == [
        76.8,
        51.2,
        76.8,
        204.8,
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pillow_turns_the_image(orientation: int) -> None:
    image = Image.new("L", (40, 20))
    image.paste(255, (4, 2, 14, 18))
    image.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(image)
    left, top, right, bottom = turn((4 / 40, 2 / 20, 14 / 40, 18 / 20), orientation)
    corners = (left * upright.width, top * upright.height, right * upright.width, bottom * upright.height)
    assert upright.getbbox() == pytest.approx(corners)


def test_annotations_of_an_image_as_the_chip_had_it_are_turned() -> None:
    stored = StoredImage("a.jpg", (200, 400), (400, 200), orientation=6)
    box = raw(40, 20, 80, 60)
    assert placed(box, stored, size=(400, 200))[0] == [140, 40, 40, 40]
    assert placed(box, stored, size=(200, 400))[0] == [40, 20, 40, 40], "they were made on the upright image"
    assert placed(box, stored)[0] == [40, 20, 40, 40]


def test_annotations_of_another_size_are_scaled_and_said() -> None:
    sides, said = placed(raw(20, 40, 80, 120), size=(200, 160))
    assert sides == [10, 20, 30, 40]
    assert "200 x 160 pixels according to its annotations, 100 x 80 in the file; the boxes were scaled." in said
    sides, said = placed(raw(10, 20, 40, 60), size=(500, 100))
    assert sides == [10, 20, 30, 40]
    assert "the boxes were taken as they are" in said


@pytest.mark.parametrize("size", [(0, 0), ("", ""), (None, 5), ("1e300", 3), (float("nan"), 1), (-3, 4)])
def test_sizes_that_can_be_none(size: tuple[Any, Any]) -> None:
    assert stated_size(*size) is None
    assert frame_of(None, SAME)[0].size == (100, 80)
