"""Finding objects, by clicking, from an upload to a folder that plain transformers loads."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas
import pytest
import tiny
from browser_support import barriers
from studio_page import PlainTransformers, Visitor

pytestmark = pytest.mark.browser

SIDE = 64  # of the images
FEW = {"epochs": 8, "learning_rate": 0.003, "batch_size": 8}  # a moment: what is learned in it is not much
PLACES = """selector => {
  const image = document.querySelector("#answer .ui-framed").getBoundingClientRect();
  return [...document.querySelector("#answer .ui-framed").querySelectorAll(selector)].map((frame) => {
    const box = frame.getBoundingClientRect();
    return [box.left - image.left, box.top - image.top, box.width, box.height].map((side) => side / image.width);
  });
}"""


def test_objects_from_upload_to_a_folder(visit: Visitor, tmp_path: Path, plain_transformers: PlainTransformers) -> None:
    page = visit.page
    boxes = tiny.write_boxes(tmp_path / "boxes.zip", 30)
    visit.open()
    visit.choose_task("object-detection")
    visit.choose_folder(tiny.write_detection_model(tmp_path / "tiny-detr"))
    visit.forward("data")
    visit.upload(boxes)
    assert visit.sees("#preview .ui-gallery-item").locator("rect.ui-frame").count() == 2
    assert page.locator("#preview .ui-chart-legend > span").all_inner_texts() == ["bar", "square"]
    visit.until("() => [...document.querySelectorAll('#preview img')].some(image => image.naturalWidth > 0)")
    visit.sees("#preview .ui-enlarge").click()
    large = visit.sees("[data-testid=lightbox] .ui-framed")
    assert large.locator("rect.ui-frame").count() == 2 and large.bounding_box()["height"] > 400
    assert "/files/" in str(large.locator("img").get_attribute("src"))
    page.keyboard.press("Escape")
    visit.unfold("#glance")
    visit.sees("#class-counts .ui-bar-label", "square")
    assert visit.rows_of_split() == {"train": 24, "validation": 3, "test": 3}

    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.open_advanced()
    for name, value in FEW.items():
        visit.set_training(name, value)
    visit.set_training("image_size", SIDE, owner="object-detection", part="options")
    visit.forward("train")
    run = visit.start()
    visit.status("Finished")
    visit.sees("#live-chart .ui-chart-legend", "mAP")
    visit.curve_longer_than(2)

    visit.forward("test")
    visit.sees("#examples .ui-gallery-item").click()
    visit.sees("#answer", "right answer")
    there = [place_of(box) for cell in pandas.read_parquet(run.test_rows_file)["boxes"] for box in json.loads(cell)]
    drawn = page.evaluate(PLACES, "rect.ui-frame-dashed")
    assert len(drawn) == 2 and all(any(place == pytest.approx(box, abs=0.02) for box in there) for place in drawn)
    page.locator("#answer .ui-score-choice label", has_text="all").click()
    visit.sees("#answer .ui-frame-label", "%")

    visit.open_numbers()
    visit.sees("#views td button[data-mark]").click()
    visit.sees("#behind-title", "The test examples")
    visit.sees("#behind-examples .ui-gallery-item").click()
    visit.sees("#behind-examples .ui-gallery-item[aria-selected=true]")
    visit.sees("#looked-at .ui-framed img")
    fields = page.locator("#right-boxes tbody input")
    before = [field.input_value() for field in fields.all()]
    assert len(before) == 10 and {before[0], before[5]} == {"bar", "square"}
    page.locator("#right-boxes tbody button").first.click()
    visit.press("#right-boxes [data-testid=add-row]")
    page.keyboard.type("square")
    visit.press("#correct-data")
    visit.sees("#correct-message", "Left of 'square' is not a number.")
    for place, text in enumerate(("1", "2", "30", "40"), start=6):
        fields.nth(place).fill(text)
    assert barriers(page) == []
    visit.press("#correct-data")
    visit.sees("#corrected-words", "1 row is corrected.")
    visit.sees("#looked-at", "In the next run: now '2 objects'.")
    assert [field.input_value() for field in fields.all()] == [*before[5:], "square", "1", "2", "30", "40"]

    with zipfile.ZipFile(boxes) as archive:
        mine = Path(archive.extract("003.png", tmp_path))
    page.locator("#try-image button[aria-label*=emove], #try-image button[aria-label*=lear]").first.click()
    page.set_input_files("#try-image input[type=file]", str(mine))
    page.locator("#answer", has_text="right answer").wait_for(state="detached")
    visit.sees("#answer .ui-framed img")

    inputs = tmp_path / "inputs.zip"
    with zipfile.ZipFile(inputs, "w") as archive:
        archive.write(mine, mine.name)
    answers = visit.predictions(inputs)
    assert list(answers.columns) == ["image", "predicted", "confidence", "problem"]
    found = json.loads(answers["predicted"][0])
    assert found and {each["label"] for each in found} <= {"bar", "square"}

    folder = visit.take_away(tmp_path / "taken")
    assert "`bar`, `square`" in (folder / "README.md").read_text(encoding="utf-8")
    plain = plain_transformers("object-detection", folder, str(mine), threshold=0.05)
    assert [each["label"] for each in plain] == [each["label"] for each in found]
    for one, other in zip(plain, found, strict=True):
        left, top, width, height = other["box"]
        corners = [left, top, left + width, top + height]
        assert [one["box"][key] for key in ("xmin", "ymin", "xmax", "ymax")] == pytest.approx(corners, abs=1.1)


def place_of(box: dict[str, Any]) -> list[float]:
    """Left, top, width and height as shares of the image."""
    return [side / SIDE for side in box["box"]]
