"""Marking words, by clicking, from an upload to a folder that plain transformers loads."""

import csv
import json
import re
from pathlib import Path

import pytest
import tiny
from browser_support import barriers
from studio_page import FAST, PlainTransformers, Visitor

pytestmark = pytest.mark.browser

MARK = re.compile(r"\[(.*?)\]\(.*?\)")
TEXT = "the great film and some awful music"
MARKED = [("good", 4, 9), ("bad", 24, 29)]


def test_words_from_upload_to_a_folder(
    visit: Visitor, text_model: Path, tmp_path: Path, plain_transformers: PlainTransformers
) -> None:
    page = visit.page
    visit.open()
    visit.choose_task("token-classification")
    visit.choose_folder(text_model)
    visit.forward("data")
    visit.upload(tiny.write_marked_words(tmp_path / "marked.jsonl", 100))
    visit.sees("#preview tbody mark .ui-mark-label", "good")
    visit.unfold("#glance")
    visit.sees("#class-counts .ui-bar-label", "bad")
    assert visit.rows_of_split() == {"train": 80, "validation": 10, "test": 10}

    visit.forward("strategy")
    visit.choose_preset("thorough")
    visit.open_advanced()
    for name, value in FAST.items():
        visit.set_training(name, value)
    visit.forward("train")
    visit.start()
    visit.status("Finished")
    visit.sees("#live-chart .ui-chart-legend", "F1")
    visit.curve_longer_than(2)

    visit.forward("test")
    page.fill("#try-text textarea", TEXT)
    page.click("#predict")
    tuned = visit.sees("#answer .ui-answer-text").locator("mark")
    assert [words.split()[:2] for words in tuned.all_inner_texts()] == [["great", "good"], ["awful", "bad"]]
    assert page.locator("#answer .ui-answer-text").count() == 2, "before training, too"
    visit.sees("#examples tbody tr").click()
    visit.sees("#answer h4", "right answer")

    assert " found: " in visit.sees("#verdict .verdict-words").inner_text()
    visit.open_numbers()
    cell = visit.sees("#views td button[data-mark]")
    cell.click()
    visit.sees("#behind-title", cell.get_attribute("data-mark"))
    visit.sees("#behind-examples tbody tr mark").click()
    visit.sees("#behind-examples tbody tr[aria-selected=true]")
    visit.sees("#looked-at .ui-answer-text mark")
    marked = visit.sees("#right-spans textarea")
    assert "](good)" in marked.input_value() or "](bad)" in marked.input_value()
    marked.fill(f"{marked.input_value()} and more")
    visit.press("#correct-data")
    visit.sees("#correct-message", "words of the text were changed")
    marked.fill(MARK.sub(lambda mark: f"[{mark[1]}](new)", marked.input_value().removesuffix(" and more"), count=1))
    visit.press("#correct-data")
    visit.sees("#corrected-words", "1 row is corrected.")
    assert "](new)" in marked.input_value() and barriers(page) == []
    visit.press("#corrections .ui-change")
    page.locator("#corrected-words").wait_for(state="hidden")
    assert page.locator("#views tbody th").all_inner_texts()[-2:] == ["bad", "good"], "nothing is no label"

    inputs = tmp_path / "inputs.csv"
    with inputs.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], [TEXT]])
    answers = visit.predictions(inputs)
    assert list(answers.columns) == ["text", "predicted", "confidence", "problem"]
    pieces = json.loads(answers["predicted"][0])
    assert [(piece["label"], piece["start"], piece["end"]) for piece in pieces] == MARKED

    folder = visit.take_away(tmp_path / "taken")
    assert "Marks pieces of a text: `bad`, `good`." in (folder / "README.md").read_text(encoding="utf-8")
    found = plain_transformers("token-classification", folder, TEXT, aggregation_strategy="simple")
    assert [(piece["entity_group"], piece["start"], piece["end"]) for piece in found] == MARKED
