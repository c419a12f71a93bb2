"""Runs: listed, renamed, laid over each other, deleted and brought back."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from studio_page import StudioServer, Visitor

from studio.app.draft_versions import DATA
from studio.config import RunConfig
from studio.files import replace_json
from studio.store import Run

pytestmark = pytest.mark.browser


@pytest.fixture
def second(walked: Any, studio: StudioServer) -> Any:
    """Another run, with one setting that differs; the newest, so that it is on the first page of the list."""
    run = Run(studio.home.runs / "29990101-000000-abcd")
    shutil.copytree(walked.run.folder, run.folder)
    text = run.config_file.read_text(encoding="utf-8")
    run.config_file.write_text(text.replace("epochs: 12", "epochs: 13"), encoding="utf-8")
    run.rename("The other one")
    yield run
    for folder in (studio.home.runs, studio.home.trash):
        shutil.rmtree(folder / run.id, ignore_errors=True)


def in_this_order(texts: list[str], names: tuple[str, str]) -> bool:
    places = [number for name in names for number, text in enumerate(texts) if name in text]
    return len(places) == 2 and places == sorted(places)


def test_a_run_gets_another_name_and_tags_and_is_found_by_them(visit: Visitor, walked: Any, second: Run) -> None:
    rows = visit.page.locator("#runs tbody tr")
    visit.open()
    visit.step("runs")
    visit.sees("#runs tbody tr", "The other one").click()
    visit.sees("#run-title", "The other one")
    room = visit.page.locator("#runs .ui-table-scroll")
    assert room.evaluate("node => node.scrollWidth <= node.clientWidth"), "no column is cut off on a usual screen"
    for name, text in (("name", "A better name"), ("tags", "first, baseline"), ("notes", "Thirteen epochs")):
        visit.page.fill(f"#run-{name} input, #run-{name} textarea", text)
    visit.page.click("#run-save")
    visit.sees("#runs tbody tr", "A better name")
    assert (second.name, second.tags, second.notes) == ("A better name", ("first", "baseline"), "Thirteen epochs")
    visit.page.select_option("[data-testid=filter-tag]", "baseline")
    visit.wait(lambda: ["A better name" in text for text in rows.all_inner_texts()] == [True])
    visit.page.select_option("[data-testid=filter-tag]", "")
    visit.page.fill("#runs input[type=search]", walked.run.name)
    visit.wait(lambda: [walked.run.name in text for text in rows.all_inner_texts()] == [True])
    visit.page.fill("#runs input[type=search]", "uneven.csv")  # both, and few beside them
    for first, second_one in (("A better name", walked.run.name), (walked.run.name, "A better name")):
        visit.page.click("[data-testid=sort-name]")
        visit.wait(lambda names=(first, second_one): in_this_order(rows.all_inner_texts(), names))
    assert visit.page.get_attribute("#runs th:first-child", "aria-sort") == "descending"


def test_two_runs_are_compared(visit: Visitor, walked: Any, second: Run) -> None:
    visit.open()
    visit.step("runs")
    drawn = "count => document.querySelector('#compare-loss .js-plotly-plot')?.data?.length === count"
    # in one go: the list closes where the page draws the choice before just then
    pick = "([option]) => option?.dispatchEvent(new MouseEvent('mousedown', {bubbles: true}))"
    for number, name in enumerate(("The other one", walked.run.name), start=1):
        options = visit.page.locator("[role=option]", has_text=name)
        visit.wait(lambda found=options, name=name: found.evaluate_all(pick) or visit.page.fill("#compare input", name))
        visit.until(drawn, 2 * number)
    visit.sees("#compare-settings .ui-row-marked", "training.epochs")
    marked = visit.page.locator("#compare-settings .ui-row-marked")
    assert marked.count() == 1 and "12" in marked.inner_text() and "13" in marked.inner_text()
    visit.until("() => document.querySelector('#compare-metric .js-plotly-plot')?.data?.length === 2")


def test_a_deleted_run_comes_back_by_undo_and_from_the_deleted_ones(visit: Visitor, second: Run) -> None:
    visit.open()
    visit.step("runs")
    for back in ("#undo-runs [data-testid=undo]", "#restore-runs"):
        visit.sees("#runs tbody tr", "The other one").click()
        visit.sees("#run-title", "The other one")
        visit.page.click("#run-delete")
        visit.page.locator("#runs tbody tr", has_text="The other one").wait_for(state="detached")
        visit.sees("#undo-runs [role=status]", "'The other one' was deleted.")
        assert not second.folder.exists()
        visit.sees(back).click()
        visit.sees("#runs tbody tr", "The other one")
        assert second.config_file.is_file()


def test_projects_are_begun_named_deleted_and_opened_again(visit: Visitor, walked: Any, studio: StudioServer) -> None:
    page, entries = visit.page, visit.page.locator("[data-testid=project]")
    visit.open()
    visit.open_run(walked.run)
    visit.step("projects")
    page.locator("[data-testid=project]", has_text="Open now").get_by_test_id("project-rename").click()
    page.fill("[data-testid=project-name]", "The reviews")
    page.keyboard.press("Enter")
    visit.sees("[data-testid=project]", "The reviews")
    before = entries.count()
    page.click("#project-new")
    visit.arrives("model")
    visit.choose_task("image-classification")
    visit.step("projects")
    visit.wait(lambda: entries.count() == before + 1)
    reviews = page.locator("[data-testid=project]", has_text="The reviews")
    reviews.get_by_test_id("project-delete").click()
    reviews.wait_for(state="detached")
    visit.sees("#undo-projects [role=status]", "'The reviews' was deleted.")
    visit.wait(lambda: page.evaluate("document.activeElement.dataset.testid") == "undo")
    page.keyboard.press("Enter")
    visit.sees("[data-testid=project]", "The reviews").get_by_test_id("project-open").click()
    visit.arrives("test")
    page.reload()
    visit.arrives("test")
    (draft,) = [draft for draft in studio.drafts() if draft["name"] == "The reviews"]
    assert RunConfig.read(draft["config"]) == RunConfig.from_file(walked.run.config_file)


def start_again(visit: Visitor, run: Run) -> None:
    """With the settings of a run, up to Strategy and its Advanced."""
    visit.open()
    visit.pick_run(run)
    visit.sees("#run-again").click()
    visit.arrives("strategy")
    visit.way_on("train")
    visit.open_advanced()


def test_a_new_run_starts_from_an_old_one_s_settings(visit: Visitor, walked: Any, studio: StudioServer) -> None:
    start_again(visit, walked.run)
    assert visit.page.locator("#training-epochs input").input_value() == "12"
    visit.step("data")
    assert visit.rows_of_split() == walked.rows
    (draft,) = [draft for draft in studio.drafts() if draft["picked"] == walked.run.id and draft["run"] is None]
    assert RunConfig.read(draft["config"]) == RunConfig.from_file(walked.run.config_file)


def test_what_cannot_be_used_stays_in_its_field_and_closes_the_way_on(visit: Visitor, walked: Any) -> None:
    page, problem = visit.page, "#training-epochs .ui-field-problem"
    epochs = page.locator("#training-epochs input")
    start_again(visit, walked.run)
    epochs.fill("often")
    page.click("#way-on button")  # without leaving the field first
    visit.sees(problem, "'often' is not a whole number")
    visit.sees("#way-on button[data-key=train][aria-disabled]")
    visit.set_training("seed", 5)
    assert epochs.input_value() == "often"
    visit.open()
    visit.open_advanced()
    assert epochs.input_value() == "often" and epochs.get_attribute("aria-invalid") == "true"
    visit.set_training("epochs", 11)
    visit.way_on("train")
    assert not page.locator(problem).is_visible()
    page.fill("#find-setting input, #find-setting textarea", "xyzzy")
    visit.sees("#settings .ui-form-nothing", "No setting matches 'xyzzy'.")


def test_an_opened_run_brings_its_settings_to_every_step(visit: Visitor, walked: Any) -> None:
    visit.open()
    visit.open_run(walked.run)
    visit.step("model")
    visit.sees("#model-summary", "is ready")
    visit.step("data")
    assert visit.rows_of_split() == walked.rows
    visit.step("strategy")
    visit.open_advanced()
    assert visit.page.locator("#training-epochs input").input_value() == "12"


def test_a_draft_of_the_first_version_opens_where_it_was_left(
    visit: Visitor, walked: Any, studio: StudioServer, text_model: Path
) -> None:
    known = {draft["id"] for draft in studio.drafts()}
    visit.open()
    visit.choose_task("text-classification")
    (draft,) = [draft for draft in studio.drafts() if draft["id"] not in known]
    data = RunConfig.from_file(walked.run.config_file).data.model_dump(mode="json", include=set(DATA))
    old = {
        **{"id": draft["id"], "page": "strategy", "demo": "own", "own": None, "folders": [str(text_model)]},
        **{"task": "text-classification", "model": str(text_model), **data, "limit": 40, "title": "uneven.csv"},
        **{"dataset": walked.draft["dataset"], "preset": "custom", "strategy": {"name": "lora", "r": 4}},
        **{"training": {"epochs": 9}, "options": {}, "search": "", "cell": None, "picked": None},
        **{"deleting": False, "compared": [], "run": None},
    }
    replace_json(studio.home.drafts / f"{draft['id']}.json", old)
    visit.page.reload()
    visit.arrives("strategy")
    visit.way_on("train")
    visit.open_advanced()
    assert visit.page.locator("#training-epochs input").input_value() == "9"
    assert visit.page.locator("#lora-r input").first.input_value() == "4"
    visit.step("data")
    assert sum(visit.rows_of_split().values()) == 40
