"""Two people on one server, each in their own browser: a workspace each, and a run that one shows the other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from studio_page import StudioServer, Visitor, visitor

from studio.paths import Home
from studio.store import Store

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"
SIGN_OUT = "[data-testid=account]"


@pytest.fixture
def server(browser: Any, forking: dict[str, str], tmp_path: Path) -> Iterator[StudioServer]:
    flags = ("--auth", f"anna:{PASSWORD}", "--auth", f"ben:{PASSWORD}")
    server = StudioServer(Home(tmp_path / "home"), flags, environment=forking)
    server.start()
    yield server
    server.close()


def sign_in(visit: Visitor, name: str, password: str = PASSWORD) -> None:
    visit.page.goto(visit.server.address)
    visit.page.fill("#username", name)
    visit.page.fill("#password", password)
    visit.page.press("#password", "Enter")


def test_each_has_a_workspace_and_shows_what_they_want(browser: Any, server: StudioServer, reviews: Path) -> None:
    bens, annas = Store(server.home.of_person("ben")), server.store
    with visitor(browser, server) as ben, visitor(browser, server) as anna:
        sign_in(ben, "ben", "wrong")
        ben.sees("[role=alert]", "wrong")
        ben.complaints.clear()  # the browser notes the 401
        sign_in(ben, "ben")
        ben.sees(".ui-account-name", "ben")
        ben.choose_task("text-classification")
        assert not ben.page.locator("#model-folder").is_visible(), "folders of the server are not his"
        ben.sees("[data-testid='card-starter/text'][aria-checked=true]")
        ben.forward("data")
        ben.upload(reviews)
        assert list(bens.home.uploads.rglob("reviews.csv")) and not annas.home.uploads.exists()
        ben.forward("strategy")
        ben.choose_preset("quick")
        ben.forward("train")
        ben.sees("#start:visible").click()
        ben.status("Finished")
        assert len(list(bens)) == 1 and not list(annas)
        sign_in(anna, "anna")
        anna.sees(".ui-account-name", "anna")
        anna.step("runs")
        anna.sees("#page-runs", "No runs yet")
        ben.step("share")
        ben.page.get_by_label("Everybody on this server").check()
        anna.step("model")
        anna.step("runs")
        anna.sees("#shared-choose").click()
        anna.sees("#run-title", next(iter(bens)).name)
        anna.page.click("#run-delete")
        anna.sees("#message", "belongs to somebody else")
        anna.page.locator("#workspace input").click()
        anna.page.get_by_role("option", name="ben").click()
        anna.sees(".ui-stepper")
        anna.step("runs")
        anna.sees("#runs tbody tr", next(iter(bens)).name)
        ben.page.click(SIGN_OUT)
        ben.sees("#username")
        said = [*ben.complaints, *anna.complaints]
        assert not [each for each in said if "401" not in each], "what his page asked for meanwhile is refused"
