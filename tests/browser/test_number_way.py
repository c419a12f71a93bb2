"""Guessing a number from a text, by clicking, from an upload to a folder that plain transformers loads."""

import csv
from pathlib import Path

import pytest
import tiny
from studio_page import FAST, PlainTransformers, Visitor

pytestmark = pytest.mark.browser

TEXTS = ["the film was a story", "a very good great lovely film"]  # 50 and 350 as `tiny.write_lengths` counts


def test_numbers_from_upload_to_a_folder(
    visit: Visitor, text_model: Path, tmp_path: Path, plain_transformers: PlainTransformers
) -> None:
    page = visit.page
    visit.open()
    visit.choose_task("text-regression")
    visit.choose_folder(text_model)
    visit.forward("data")
    visit.upload(tiny.write_lengths(tmp_path / "lengths.csv", 120))
    assert [page.locator(f"#column-{slot} input").input_value() for slot in (0, 1)] == ["text", "number"]
    assert visit.sees("#preview tbody tr").locator("td.ui-kind-number").count() == 2, "the row's, and what is learned"
    visit.unfold("#glance")
    visit.sees("#class-counts .ui-histogram-bars[aria-label*='50 to 350']")
    assert visit.rows_of_split() == {"train": 96, "validation": 12, "test": 12}

    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.open_advanced()
    for name, value in FAST.items():
        visit.set_training(name, value)
    visit.forward("train")
    visit.start()
    visit.status("Finished")
    visit.sees("#live-chart .ui-chart-legend", "RMSE")
    visit.curve_longer_than(2)

    visit.forward("test")
    page.fill("#try-text textarea", TEXTS[1])
    page.click("#predict")
    visit.sees("#answer .ui-chart-legend", "After training")
    visit.sees("#answer .ui-chart-legend", "Before training")
    visit.sees("#examples tbody tr").click()
    visit.sees("#answer .ui-chart-legend", "right answer")

    assert "Typically off by" in visit.sees("#verdict .verdict-words").inner_text()
    visit.open_numbers()
    page.locator("#views .ui-point[tabindex='0']").press("Enter")  # points lie over each other
    visit.sees("#behind-title", "Predicted")
    visit.sees("#behind-examples tbody tr").click()
    visit.sees("#right-number input").fill("4711")
    visit.press("#predict")
    visit.sees("#answer .ui-chart-legend", "After training")
    assert page.locator("#right-number input").input_value() == "4711", "a question leaves it as it is"
    visit.press("#correct-data")
    visit.sees("#corrected-words", "1 row is corrected.")
    bar = visit.sees("#views .ui-figure-bar[data-mark]")
    title, count = bar.locator(".ui-bar-label").inner_text(), int(bar.locator(".ui-bar-number").inner_text())
    bar.click()
    visit.sees("#behind-title", title)
    shown = "count => document.querySelectorAll('#behind-examples tbody tr').length === Math.min(count, 8)"
    visit.until(shown, count)

    inputs = tmp_path / "inputs.csv"
    with inputs.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], *([text] for text in TEXTS)])
    answers = visit.predictions(inputs)
    assert list(answers.columns) == ["text", "predicted", "problem"]
    plain, praised = answers["predicted"]
    assert praised - plain > 150

    folder = visit.take_away(tmp_path / "taken")
    assert "Predicts a number" in (folder / "README.md").read_text(encoding="utf-8")
    scores = [answer["score"] for answer in plain_transformers("text-classification", folder, TEXTS)]
    assert scores == pytest.approx([plain, praised], rel=1e-4)
