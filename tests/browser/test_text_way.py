"""Sorting texts, from an empty page to a downloaded model."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas
import pytest
from browser_support import PATIENCE
from studio_page import PlainTransformers, StudioServer, Visitor

from studio.app.nested import value_at
from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.importing import Imported
from studio.tasks import TASKS

pytestmark = pytest.mark.browser
CORRECTIONS = "config.data.cleaning.corrections"


def test_nothing_on_the_way_complains_or_leaves_this_machine(walked: Any) -> None:
    assert walked.complaints == []


def test_columns_are_guessed_and_rows_left_out_are_named(walked: Any) -> None:
    assert walked.columns == ["review", "sentiment"]
    for row in ("121", "122", "123"):
        assert row in walked.dropped
    assert "left out" in walked.dropped


def test_the_split_on_the_screen_is_the_split_of_the_run(walked: Any, studio: StudioServer) -> None:
    assert walked.rows_before == {"train": 96, "validation": 12, "test": 12}
    assert sum(walked.rows.values()) == 120 and walked.rows["train"] < walked.rows_before["train"]
    used = pandas.read_parquet(walked.run.examples_file)
    assert used["split"].value_counts().to_dict() == walked.rows
    imported = Imported.open(studio.home.datasets / walked.draft["dataset"])
    assert imported is not None
    config = RunConfig.from_file(walked.run.config_file)
    task = TASKS[config.task]
    shown = assemble(imported, config.data, task.columns, task.check).table
    columns = ["row", "text", "label", "split"]
    assert used[columns].astype(str).values.tolist() == shown[columns].astype(str).values.tolist()


def test_presets_say_what_they_cost_and_changes_reach_the_run(walked: Any) -> None:
    assert all("parameters" in text and "GB" in text for text in walked.presets.values())
    assert len(set(walked.presets.values())) == 3
    training = RunConfig.from_file(walked.run.config_file).training
    assert (training.epochs, training.learning_rate, training.early_stopping) == (12, 0.005, 0)
    assert walked.draft["preset"] == "custom"


def test_the_curve_holds_every_point_of_the_log(walked: Any) -> None:
    assert walked.points == [step for step, _ in walked.run.state().train]
    assert len(walked.points) >= 12


@pytest.fixture
def tester(visit: Visitor, walked: Any) -> Visitor:
    """On the Test page of the walked run."""
    visit.open()
    visit.open_run(walked.run)
    visit.forward("test")
    return visit


def test_a_typed_text_is_answered_beside_before_training(tester: Visitor) -> None:
    tester.page.fill("#try-text textarea", "a great film and a lovely happy story")
    tester.page.click("#predict")
    tester.sees("#answer .ui-bar-value")
    answer = tester.page.locator("#answer").inner_text()
    assert "After training" in answer and "Before training" in answer and "good" in answer
    assert tester.page.locator("#answer .ui-bar-other").count() >= 2


def test_a_clicked_example_is_answered_with_its_truth(tester: Visitor) -> None:
    row = tester.sees("#examples tbody tr >> nth=1")
    text = row.locator("td").nth(1).inner_text()
    row.click()
    tester.sees("#answer", "The right answer is")
    assert tester.page.locator("#try-text textarea").input_value() == text


def test_what_is_chosen_in_a_figure_shows_its_examples(tester: Visitor, walked: Any) -> None:
    tester.open_numbers()
    cell = tester.sees("#views td button[data-mark]")
    count, mark = int(cell.inner_text()), cell.get_attribute("data-mark")
    cell.click()
    tester.sees("#behind-title", mark)
    shown = "count => document.querySelectorAll('#behind-examples tbody tr').length === Math.min(count, 8)"
    tester.until(shown, count)
    tester.sees("#behind-examples tbody tr").click()
    tester.sees("#looked-at", "The right answer is")
    scores = json.loads(walked.run.scores_file.read_text(encoding="utf-8"))["test"]["metrics"]
    assert tester.page.locator("#verdict .verdict-words").inner_text().startswith(f"{100 * scores['accuracy']:.0f}%")
    assert f"{100 * scores['accuracy']:.1f}%" in tester.page.locator("#test-metrics").inner_text()
    assert tester.page.locator("#views .ui-figure:nth-child(2) tbody tr").count() == 2


def test_a_row_whose_data_is_wrong_is_left_out_of_the_next_run(tester: Visitor, studio: StudioServer) -> None:
    tester.open_numbers()
    tester.sees("#views td button[data-mark]").click()
    tester.sees("#behind-examples tbody tr").click()
    tester.sees("#leave-out").click()
    tester.sees("#corrected-words", "1 row is corrected.")
    tester.wait(lambda: any(value_at(draft, CORRECTIONS) for draft in studio.drafts()))
    tester.sees("#corrections .ui-change").click()
    tester.page.locator("#corrected-words").wait_for(state="hidden")


def test_a_file_of_inputs_comes_back_with_predictions(tester: Visitor, tmp_path: Path) -> None:
    inputs = tmp_path / "inputs.csv"
    with inputs.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["review"], ["great lovely film"], ["awful broken music"], ["a fine story"]])
    answers = tester.predictions(inputs)
    assert len(answers) == 3
    assert list(answers.columns) == ["review", "predicted", "confidence", "p_bad", "p_good", "problem"]
    assert set(answers["predicted"]) <= {"good", "bad"}


def test_the_download_loads_in_plain_transformers(
    visit: Visitor, walked: Any, tmp_path: Path, plain_transformers: PlainTransformers
) -> None:
    visit.open()
    visit.open_run(walked.run)
    visit.step("share")
    visit.sees("#facts", "right: ")
    with visit.page.expect_download(timeout=PATIENCE) as coming:
        visit.press("#download-evaluation")
    tested = pandas.read_csv(coming.value.path())
    assert {"text", "correct", "predicted", "confidence", "right"} <= {*tested.columns} and len(tested) >= 6
    visit.page.locator("#programmers > button").click()
    visit.sees("#command", "studio train")
    visit.sees("#run-file", "text-classification")
    folder = visit.take_away(tmp_path)
    assert (folder / "README.md").is_file()
    answers = plain_transformers("text-classification", folder, ["great lovely film", "awful broken music"])
    assert [answer["label"] for answer in answers] == ["good", "bad"]
