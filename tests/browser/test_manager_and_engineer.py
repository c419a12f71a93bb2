"""A manager with a messy table, an engineer with three runs: each on a wide and a narrow screen, and by keyboard."""

import csv
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from studio_page import LOOKS, Look, StudioServer, Visitor, looking, visitor

from studio.app.sharing import share_of
from studio.config import RunConfig
from studio.paths import Home
from studio.store import Run

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"
MANAGERS_PRESSES = 11  # task, mending, strategy, start, and the way on from page to page
ENGINEERS_PRESSES = 30
RUNS = 3
looks = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


@pytest.fixture(scope="module")
def office(browser: Any, forking: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A server for two people."""
    flags = ("--auth", f"anna:{PASSWORD}", "--auth", f"ben:{PASSWORD}")
    server = StudioServer(Home(tmp_path_factory.mktemp("office") / "home"), flags, environment=forking)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headings of a form, semicolons, empty cells, copies, and a class that is written in three ways."""
    rng, path = random.Random(5), tmp_path_factory.mktemp("messy") / "Customer messages (final).csv"
    kinds = [("praise", "good"), ("complaint", "bad")] * 45
    rows = [[str(number), tiny.review(tone, rng), kind] for number, (kind, tone) in enumerate(kinds)]
    for row, written in ((4, "Praise"), (5, "complaint "), (6, "prase"), (8, "prase")):
        rows[row][2] = written
    rows += [["", "", ""], [91, "", "praise"], [92, "A message without an answer.", ""], rows[10]]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([["No.", "What did the customer write?", "Kind of message"], *rows])
    return path


def sign_in(visit: Visitor, name: str) -> None:
    visit.page.goto(visit.server.address)
    visit.page.fill("#username", name)
    visit.page.fill("#password", PASSWORD)
    visit.page.press("#password", "Enter")
    visit.sees(".ui-stepper [aria-current]")
    visit.complaints.clear()  # of the page that asked who comes: the browser notes the 401


@looks
def test_a_manager_comes_from_a_messy_table_to_a_result_that_others_see(
    browser: Any, office: StudioServer, messy: Path, look: Look, record_property: Callable[[str, Any], None]
) -> None:
    with looking(browser, office, look) as anna:
        sign_in(anna, "anna")
        anna.choose_task("text-classification")
        anna.sees("[data-testid='card-starter/text'][aria-checked=true]", "recommended")
        anna.finds_no_fault()
        anna.forward("data")
        began = time.monotonic()
        anna.upload(messy)
        anna.press("#offered .ui-change-all")
        anna.sees("#put-right", "prase")
        anna.finds_no_fault()
        anna.forward("strategy")
        anna.sees("#presets [aria-checked=true]", "Recommended")
        anna.finds_no_fault()
        anna.choose_preset("quick")
        anna.forward("train")
        run = anna.start()
        anna.status("Finished")
        anna.finds_no_fault()
        anna.forward("test")
        anna.sees("#verdict", "% right: ")
        anna.finds_no_fault()
        anna.forward("share")
        anna.press(anna.page.get_by_label("Everybody on this server"))
        anna.wait(lambda: share_of(run).everybody)
        anna.finds_no_fault()
        record_property("seconds from the table to a shared result", round(time.monotonic() - began, 1))
        assert anna.presses <= MANAGERS_PRESSES
        assert RunConfig.from_file(run.config_file).data.cleaning.labels == {"Praise": "praise", "prase": "praise"}
    if look is not LOOKS[0]:
        return
    with visitor(browser, office) as ben:
        sign_in(ben, "ben")
        ben.step("runs")
        ben.press("#shared-choose")
        ben.sees("#run-title", run.name)
        ben.press("#run-open")
        ben.step("test")
        assert ben.sees("#verdict").inner_text()


@looks
def test_an_engineer_queues_three_runs_compares_them_and_exports_the_best(
    browser: Any,
    studio: StudioServer,
    look: Look,
    text_model: Path,
    many_reviews: Path,
    tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:
    with looking(browser, studio, look) as visit:
        began = time.monotonic()
        visit.prepare("text-classification", text_model, many_reviews)
        known = {run.id for run in studio.store}

        def runs() -> list[Run]:
            return [run for run in studio.store if run.id not in known]

        for number, preset in enumerate(("thorough", "balanced", "quick"), start=1):
            visit.choose_preset(preset)
            visit.forward("train")
            visit.page.fill("#new-run-name input, #new-run-name textarea", f"{preset} {look.name}")
            visit.press("#start:visible:not([disabled]), #start-again:visible, #add:visible:not([disabled])")
            visit.wait(lambda number=number: len(runs()) == number)
            if number < RUNS:
                visit.step("strategy")
        visit.wait(lambda: all(run.state().status == "completed" for run in runs()))
        visit.step("runs")
        assert {run.name for run in runs()} == {f"{preset} {look.name}" for preset in ("thorough", "balanced", "quick")}
        for number, run in enumerate(runs(), start=1):
            compare(visit, run.name)
            visit.until(
                "count => document.querySelector('#compare-loss .js-plotly-plot')?.data?.length === count", 2 * number
            )
        best = max(runs(), key=lambda run: run.state().best.metrics["accuracy"])  # type: ignore[union-attr]
        visit.page.fill("#runs input[type=search]", best.name)
        visit.until("() => document.querySelectorAll('#runs tbody tr').length === 1")
        visit.press("#runs tbody tr")
        visit.sees("#run-title", best.name)
        visit.press("#run-open")
        visit.arrives("train")
        assert (visit.take_away(tmp_path) / "model.safetensors").is_file()
        record_property("seconds from an empty page to an exported model", round(time.monotonic() - began, 1))
        assert visit.presses <= ENGINEERS_PRESSES


def compare(visit: Visitor, name: str) -> None:
    """Choose a run in the list of those to lay over each other."""
    field = visit.page.locator("#compare input")
    visit.press(field) if not visit.by_keys else visit.reach(field)
    field.fill(name)
    visit.sees("[role=option]", name)
    visit.page.keyboard.press("Enter")
