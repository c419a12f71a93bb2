"""A teacher: two things before the camera, class by class, and a model that tells them apart; rows of a spreadsheet."""

import base64
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny
from browser_support import barriers
from studio_page import LOOKS, Look, StudioServer, Visitor, looking

from studio.app.imports import SAMPLE
from studio.config import RunConfig

pytestmark = pytest.mark.browser
ENOUGH = 12  # images of a class
PRESSES = 20  # three for each class, some to look at images and undo, and the way on


def film(visit: Visitor, number: int, name: str) -> None:
    """Hold the button under the camera until there are enough images."""
    card = visit.page.get_by_test_id("class").nth(number)
    card.locator("input").fill(name)
    visit.press(card.get_by_role("button", name="Webcam"))
    hold = card.get_by_test_id("hold")
    hold.scroll_into_view_if_needed()
    visit.until("() => document.querySelector('.ui-camera-view')?.videoWidth > 0")  # the camera has begun
    visit.presses += 1
    if visit.by_keys:
        visit.reach(hold)
        visit.page.keyboard.down("Space")
    else:
        hold.hover()
        visit.page.mouse.down()
    visit.until(
        "at => document.querySelectorAll('.ui-class')[at[0]].querySelectorAll('.ui-thumb').length >= at[1]",
        [number, ENOUGH],
    )
    visit.page.keyboard.up("Space") if visit.by_keys else visit.page.mouse.up()
    visit.press(card.get_by_test_id("camera-done"))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_from_the_camera_to_a_model(
    browser: Any, studio: StudioServer, look: Look, record_property: Callable[[str, Any], None]
) -> None:
    with looking(browser, studio, look) as visit:
        page, began = visit.page, time.monotonic()
        visit.open()
        visit.choose_task("image-classification")
        visit.press("[data-testid='card-starter/image']")
        visit.forward("data")
        visit.press("#collect > button")
        visit.sees("[data-testid=class]")
        use = page.get_by_test_id("use-images")
        assert use.get_attribute("aria-disabled") == "true"
        visit.sees("#way-on-reason", "Add some data first.")
        film(visit, 0, "Cup")
        visit.sees("#way-on-reason", "At least two classes need images.")
        film(visit, 1, "Pen")
        visit.sees("[aria-label='Paste: Cup']")
        visit.sees("#way-on-reason", "Press Use these images to go on with them.")
        visit.finds_no_fault()
        number = page.locator(".ui-class-number").first
        many = number.inner_text()
        page.locator(".ui-thumb-image").first.press("Delete")
        assert number.inner_text() != many
        visit.press("[data-testid=undo]")
        assert number.inner_text() == many and use.get_attribute("aria-disabled") == "false"
        visit.press(use)
        visit.sees("#data-summary", "My images")
        assert not page.locator("#class-images").is_visible(), "the ways to bring data are folded once it is there"
        look_at_images(visit)
        visit.forward("strategy")
        visit.choose_preset("quick")
        visit.forward("train")
        run = visit.start()
        visit.status("Finished")
        record_property("seconds from an empty page to a model", round(time.monotonic() - began, 1))
        config = RunConfig.from_file(run.config_file)
        assert config.data.source.endswith("My images.zip") and not config.data.source.startswith(SAMPLE)
        visit.forward("test")
        visit.press("#examples .ui-gallery-item")
        visit.sees("#answer", "The right answer is")
        visit.finds_no_fault()
        assert visit.presses <= PRESSES
        visit.step("data")
        visit.press("#adding > button")
        assert visit.sees("[data-testid=class] .ui-class-name").input_value() == "Cup", "to go on with"


def look_at_images(visit: Visitor) -> None:
    """Larger, one after another, and back to where one was."""
    page = visit.page
    visit.press("#preview .ui-enlarge")
    visit.sees("[data-testid=lightbox] img")
    visit.finds_no_fault()
    first = page.locator(".ui-lightbox-caption").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".ui-lightbox-caption").inner_text() != first
    page.keyboard.press("Escape")
    page.get_by_test_id("lightbox").wait_for(state="detached")
    assert page.evaluate("[...document.querySelectorAll('#preview .ui-enlarge')].indexOf(document.activeElement)") == 1


COPY = """async image => {
  const blob = await (await fetch(`data:image/png;base64,${image}`)).blob();
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""


def drop(visit: Visitor, place: Any, files: list[Path]) -> None:
    """As the mouse does that brings files from a folder of the system."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    devices = visit.page.context.new_cdp_session(visit.page)
    data = {"items": [], "files": list(map(str, files)), "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        devices.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})


def test_images_are_dropped_and_pasted_onto_a_class_beside_those_in_use(visit: Visitor, tmp_path: Path) -> None:
    """The new ones are for training; those in use keep the split that their data named."""
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.open()
    visit.choose_task("image-classification")
    visit.sees("[data-testid='card-starter/image']").click()
    visit.forward("data")
    visit.upload(tiny.write_images(tmp_path / "mine.zip", 12, splits=("train", "test")))
    visit.unfold("#adding")
    visit.unfold("#collect")
    page.get_by_test_id("bring").click()
    classes, numbers = page.get_by_test_id("class"), page.locator(".ui-class-number")
    visit.until("() => document.querySelectorAll('.ui-thumb').length === 24")
    files = [tmp_path / f"{n}.png" for n in range(3)]
    for n, file in enumerate(files):
        file.write_bytes(tiny.image("upright", random.Random(n)))
    notes = tmp_path / "notes.txt"
    notes.write_text("no image")
    drop(visit, classes.nth(1), [*files[:2], notes])
    visit.sees("#class-images [role=status]", "1 file is no image and was left out.")
    assert numbers.all_inner_texts() == ["12 images", "14 images"]
    page.evaluate(COPY, base64.b64encode(files[2].read_bytes()).decode())
    numbers.nth(1).click()
    page.keyboard.press("Control+V")
    visit.until("() => document.querySelectorAll('.ui-class-number')[1].textContent === '15 images'")
    classes.nth(0).get_by_role("button", name="Paste").click()
    visit.until("() => document.querySelectorAll('.ui-class-number')[0].textContent === '13 images'")
    page.get_by_test_id("use-images").click()
    visit.sees("#data-summary", "28 images were read.")
    assert visit.rows_of_split()["test"] == 12


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
    visit.sees("#way-on-reason", "Press Use these rows to go on with them.")
    page.get_by_test_id("use-rows").click()
    visit.sees("#data-summary", "30 rows were read.")
    assert [page.locator(f"#column-{slot} input").input_value() for slot in (0, 1)] == ["review", "label"]
    visit.sees("#reading > button", "first row has column names")
    visit.way_on("strategy")
