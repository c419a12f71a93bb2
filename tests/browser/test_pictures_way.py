"""Sorting pictures, from an empty page to an answer for a picture of one's own."""

from pathlib import Path
from typing import Any

import pytest
import tiny
from browser.conftest import FAST
from studio_page import StudioServer, visitor


@pytest.fixture(scope="session")
def parted_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_pictures(tmp_path_factory.mktemp("data") / "parted.zip", rows=40, parts=("train", "val"))


def test_the_whole_way(
    browser: Any, studio: StudioServer, image_model: Path, parted_pictures: Path, tmp_path: Path
) -> None:
    with visitor(browser, studio) as visit:
        page = visit.page
        visit.prepare("image-classification", image_model, parted_pictures)
        visit.step("data")
        visit.sees("#preview img")
        page.wait_for_function("() => document.querySelector('#preview img').naturalWidth > 0")
        rows = visit.rows_of_split()
        assert rows["validation"] == 40  # the part that came with the ZIP, to the row
        visit.step("strategy")
        visit.choose_preset("thorough")
        visit.open_advanced()
        for name, value in FAST.items():
            visit.set_training(name, value)
        visit.forward("#to-train", "train")
        run = visit.start()
        visit.status("Finished")
        assert len(visit.curve()) > 1
        state = run.state()
        assert state.plan is not None and state.plan.examples == rows

        visit.forward("#to-test", "test")
        visit.sees("#examples img").click()
        visit.sees("#answer", "The right answer is")
        visit.sees("#answer", "before training")
        picture = tmp_path / "mine.png"
        import random

        picture.write_bytes(tiny.picture("across", random.Random(5)))
        page.set_input_files("#try-picture input[type=file]", str(picture))
        visit.until("() => !document.querySelector('#answer').innerText.includes('The right answer is')")
        visit.sees("#answer", "across")
        page.locator("#confusion button:not([disabled])").first.click()
        visit.sees("#cell-examples img")
        assert visit.complaints == []
