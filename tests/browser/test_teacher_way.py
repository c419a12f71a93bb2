"""A teacher: two things before the camera, class by class, and a model that tells them apart; rows of a spreadsheet."""

import time
from collections.abc import Callable
from pathlib import Path
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
    page.get_by_test_id("lightbox").wait_for(state="detached")
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


def test_rows_are_pasted_from_a_spreadsheet(visit: Visitor, text_model: Path) -> None:
    """With the names of the columns, a cell of two lines, and a column more than is asked for."""
    page = visit.page
    visit.open()
    visit.choose_task("text-classification")
    visit.choose_folder(text_model)
    visit.forward("data")
    visit.unfold("#type")
    lines = [f"the {('soup', 'cake')[n % 2]} of day {n}\t{('bad', 'good')[n % 2]}\t{n}" for n in range(30)]
    table = "\n".join(["review\tlabel\tday", '"two lines,\n""quoted"""\tgood\t99', *lines])
    visit.sees("#typed-rows textarea").evaluate(
        "(field, text) => { const clipboardData = new DataTransfer(); clipboardData.setData('text/plain', text);"
        " field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })); }",
        table,
    )
    assert page.locator("#typed-rows thead th").all_inner_texts()[:3] == ["review", "label", "day"]
    assert page.locator("#typed-rows textarea").first.input_value() == 'two lines,\n"quoted"'
    page.get_by_label("Remove row 2", exact=True).click()
    assert barriers(page) == []
    page.get_by_test_id("use-rows").click()
    visit.sees("#data-summary", "30 rows were read.")
    assert [page.locator(f"#column-{slot} input").input_value() for slot in (0, 1)] == ["review", "label"]
    visit.sees("#reading > button", "first row has column names")
    visit.way_on("strategy")
