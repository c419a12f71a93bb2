"""A teacher: two things before the camera, class by class, and a model that tells them apart."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from browser_support import barriers
from studio_page import Visitor

from studio.app.imports import SAMPLE
from studio.config import RunConfig

pytestmark = pytest.mark.browser
ENOUGH = 12  # images of a class


def film(visit: Visitor, number: int, name: str) -> None:
    """Hold the button under the camera until there are enough images."""
    card = visit.page.get_by_test_id("class").nth(number)
    card.locator("input").fill(name)
    card.get_by_role("button", name="Webcam").click()
    hold = card.get_by_test_id("hold")
    hold.scroll_into_view_if_needed()
    visit.until("() => document.querySelector('.ui-camera-view')?.videoWidth > 0")  # the camera has begun
    hold.hover()
    visit.page.mouse.down()
    visit.until(
        "at => document.querySelectorAll('.ui-class')[at[0]].querySelectorAll('.ui-thumb').length >= at[1]",
        [number, ENOUGH],
    )
    visit.page.mouse.up()
    card.get_by_test_id("camera-done").click()


def test_from_the_camera_to_a_model(visit: Visitor, record_property: Callable[[str, Any], None]) -> None:
    page, began = visit.page, time.monotonic()
    visit.open()
    visit.choose_task("image-classification")
    visit.sees("[data-testid='card-starter/image']").click()
    visit.forward("data")
    visit.sees("#collect > button").click()
    visit.sees("[data-testid=class]")
    use = page.get_by_test_id("use-images")
    assert use.get_attribute("aria-disabled") == "true"
    film(visit, 0, "Cup")
    film(visit, 1, "Pen")
    assert barriers(page) == []
    number = page.locator(".ui-class-number").first
    many = number.inner_text()
    page.locator(".ui-thumb-image").first.press("Delete")
    assert number.inner_text() != many
    page.get_by_test_id("undo").click()
    assert number.inner_text() == many and use.get_attribute("aria-disabled") == "false"
    use.click()
    visit.sees("#data-summary", "My images")
    assert not page.locator("#class-images").is_visible(), "the ways to bring data are folded once it is there"
    visit.sees("#preview .ui-enlarge").click()
    visit.sees("[data-testid=lightbox] img")
    assert barriers(page) == []
    first = page.locator(".ui-lightbox-caption").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".ui-lightbox-caption").inner_text() != first
    page.keyboard.press("Escape")
    assert page.get_by_test_id("lightbox").count() == 0
    assert page.evaluate("[...document.querySelectorAll('#preview .ui-enlarge')].indexOf(document.activeElement)") == 1
    visit.forward("strategy")
    visit.choose_preset("quick")
    visit.forward("train")
    run = visit.start()
    visit.status("Finished")
    record_property("seconds from an empty page to a model", round(time.monotonic() - began, 1))
    config = RunConfig.from_file(run.config_file)
    assert config.data.source.endswith("My images.zip") and not config.data.source.startswith(SAMPLE)
    visit.step("data")
    visit.sees("#adding > button").click()
    assert visit.sees("[data-testid=class] .ui-class-name").input_value() == "Cup", "to go on with"
