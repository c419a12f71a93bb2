"""One server for the tests that leave it alive, and one run that was made by clicking the whole way."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny
from studio_page import FAST, PlainTransformers, StudioServer, Visitor, first_visit

from studio.app.nested import value_at
from studio.paths import Home
from studio.store import Run

ENDLESS = {"epochs": 1000, "batch_size": 8, "checkpoint_seconds": 1.0, "precision": "fp32"}


@pytest.fixture(scope="session")
def studio(profile: Any, forking: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    server = StudioServer(Home(tmp_path_factory.mktemp("studio") / "home"), environment=forking)
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def plain_transformers() -> Iterator[PlainTransformers]:
    """One process for all tests: it takes ten seconds to import what it needs."""
    started = PlainTransformers()
    yield started
    started.close()


@pytest.fixture
def own_studio(profile: Any, forking: dict[str, str], tmp_path: Path) -> Iterator[StudioServer]:
    """A server that the test may kill."""
    server = StudioServer(Home(tmp_path / "home"), environment=forking)
    server.start()
    yield server
    server.close()


@pytest.fixture
def visit(profile: Any, studio: StudioServer) -> Iterator[Visitor]:
    """A visitor of whom nothing is known, and whose page must not have complained at the end."""
    with first_visit(profile, studio) as visit:
        yield visit
    assert visit.complaints == []


@pytest.fixture(scope="session")
def many_reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough rows for a run that lasts until somebody stops it."""
    return tiny.write_reviews(tmp_path_factory.mktemp("data") / "many.csv", rows=500)


@pytest.fixture
def endless(text_model: Path, many_reviews: Path) -> dict[str, Any]:
    """Settings of such a run."""
    return {
        "task": "text-classification",
        "model": {"id": str(text_model)},
        "data": {"source": str(many_reviews), "columns": {"text": "text", "label": "label"}},
        "training": ENDLESS,
    }


def write_uneven_reviews(path: Path) -> Path:
    """120 reviews under names of columns that need a guess, and three rows that cannot be used."""
    rng = random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["number", "review", "sentiment"])
        for index in range(120):
            label = ("good", "bad")[index % 2]
            writer.writerow([index, tiny.review(label, rng), label])
        writer.writerows([[120, "", "good"], [121, "a story without a label", ""], [122, " ", "bad"]])
    return path


@dataclass(frozen=True)
class Walked:
    """What was seen on the way from an empty page to a finished run."""

    run: Run
    data: Path
    columns: list[str]
    dropped: str
    rows_before: dict[str, int]
    rows: dict[str, int]
    presets: dict[str, str]
    draft: dict[str, Any]
    points: list[int]
    complaints: list[str]


@pytest.fixture(scope="session")
def walked(profile: Any, studio: StudioServer, text_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Task, folder, upload, split by keyboard, preset, a setting under Advanced, Start, to the end; all by clicking."""
    data = write_uneven_reviews(tmp_path_factory.mktemp("walk") / "uneven.csv")
    with first_visit(profile, studio) as visit:
        page = visit.page
        visit.open()
        visit.choose_task("text-classification")
        visit.choose_folder(text_model)
        visit.forward("data")
        visit.upload(data)
        columns = [page.locator(f"#column-{slot} input").input_value() for slot in (0, 1)]
        visit.sees("#dropped tbody tr")
        dropped = page.locator("#dropped").inner_text()
        rows_before = visit.rows_of_split()
        page.get_by_test_id("split-handle-0").focus()
        page.keyboard.press("PageDown")
        page.keyboard.press("ArrowLeft")
        visit.wait(lambda: any(value_at(draft, "config.data.split.train") == 0.74 for draft in studio.drafts()))
        rows = visit.rows_of_split()
        visit.forward("strategy")
        visit.sees("#presets [role=radio]")
        presets = {name: page.get_by_test_id(f"card-{name}").inner_text() for name in ("quick", "balanced", "thorough")}
        visit.choose_preset("thorough")
        visit.open_advanced()
        for name, value in FAST.items():
            visit.set_training(name, value)
        visit.forward("train")
        run = visit.start()
        visit.status("Finished")
        points = visit.curve()
        visit.way_on("test")
        draft = next(draft for draft in studio.drafts() if draft["run"] == run.id)
        return Walked(run, data, columns, dropped, rows_before, rows, presets, draft, points, list(visit.complaints))
