"""Sorting images, by clicking, from an upload to an answer."""

import random
from pathlib import Path

import pandas
import pytest
import tiny
from studio_page import Visitor

pytestmark = pytest.mark.browser


def test_images_from_upload_to_answer(visit: Visitor, image_model: Path, images: Path, tmp_path: Path) -> None:
    page = visit.page
    visit.open()
    visit.choose_task("image-classification")
    visit.choose_folder(image_model)
    visit.forward("data")
    visit.upload(images)
    visit.sees("#preview .ui-gallery img")
    visit.until("() => [...document.querySelectorAll('#preview img')].some(image => image.naturalWidth > 0)")
    assert not page.locator("#column-0").is_visible()
    rows = visit.rows_of_split()
    assert rows == {"train": 32, "validation": 4, "test": 4}

    visit.forward("strategy")
    visit.choose_preset("quick")
    visit.forward("train")
    run = visit.start()
    visit.status("Finished")
    visit.curve_longer_than(2)
    assert pandas.read_parquet(run.examples_file)["split"].value_counts().to_dict() == rows

    visit.forward("test")
    example = visit.sees("#examples .ui-gallery-item")
    example.press("Shift+Enter")
    visit.sees("[data-testid=lightbox] img")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "ui-gallery-item", "nothing was chosen yet"
    assert example.get_attribute("aria-selected") == "false"
    visit.sees("#examples .ui-gallery-item").click()
    visit.sees("#answer", "The right answer is")
    visit.sees("#answer .ui-bar-other")
    image = tmp_path / "mine.png"
    image.write_bytes(tiny.image("across", random.Random(5)))
    page.locator("#try-image button[aria-label*=emove], #try-image button[aria-label*=lear]").first.click()
    page.set_input_files("#try-image input[type=file]", str(image))
    page.locator("#answer", has_text="The right answer is").wait_for(state="detached")
    visit.sees("#answer .ui-bar-value")
    visit.open_numbers()
    visit.sees("#views td button[data-mark]").click()
    visit.sees("#behind-examples .ui-gallery img").click()
    visit.sees("#looked-at img.looked-at-image")
