"""The guided demos, each clicked to its end on a machine without a network."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from control_names import check_names, control_names
from demos_here import installed
from studio_page import LOOKS, Look, StudioServer, Visitor, first_visit, looking

from studio.app.demo_list import DEMOS
from studio.config import RunConfig
from studio.metrics import metric_named
from studio.paths import Home
from studio.store import Run

pytestmark = pytest.mark.browser
MOST_PRESSES = 6
LONG = ("surfaces", "house-style", "orders", "phrases", "dishes")
NAMED = "messages"  # during which the controls of all pages are asked for their names
# Of the headline, in validation and in the test; before the training they are above 130 and about 0.03.
ENOUGH = {"house-style": {"validation": 80.0, "test": 80.0}, "dishes": {"validation": 0.145, "test": 0.12}}
SHARE = 0.5  # of others: there are at least four classes, and one phrase of three is found before the training
EXAMPLES = "#examples tbody tr, #examples .ui-gallery-item"
OFFLINE = Path(__file__).resolve().parents[1] / "offline"


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("network") / "attempts.txt"


@pytest.fixture(scope="module")
def offline(profile: Any, tmp_path_factory: pytest.TempPathFactory, attempts: Path) -> Iterator[StudioServer]:
    """A studio whose processes reach loopback alone, and which was not told so."""
    cut_off = {"PYTHONPATH": str(OFFLINE), "STUDIO_TEST_ATTEMPTS": str(attempts), "HF_HUB_OFFLINE": "0"}
    server = StudioServer(Home(tmp_path_factory.mktemp("demo") / "home"), environment=cut_off)
    server.start()
    yield server
    server.close()


def has_learned(run: Run, demo: str, split: str) -> bool:
    """Whether the task's headline is far better than without training."""
    state, headline = run.state(), RunConfig.from_file(run.config_file).chosen_task.headline
    scored = state.best if split == "validation" else state.test
    enough = ENOUGH.get(demo, {}).get(split, SHARE)
    return scored is not None and metric_named(headline).is_better(scored.metrics[headline], enough)


def walk(visit: Visitor, demo: str) -> None:
    """From the opened page to a prediction, always by the next button.

    One that would learn for minutes is stopped, by nobody on the page, once it has learned enough.
    """
    visit.open()
    visit.press(f"[data-testid=card-{demo}]")
    visit.arrives("data")
    visit.sees("#data-summary", "were read")
    assert not visit.page.locator("#upload").is_visible()  # an example asks for nothing
    button = visit.way_on("strategy").bounding_box()
    assert button["y"] + button["height"] <= visit.page.viewport_size["height"]  # the way on is in sight
    visit.forward("strategy")
    visit.sees("#presets [aria-checked=true]")
    visit.forward("train")
    run = visit.start()
    if demo in LONG:
        visit.wait(lambda: has_learned(run, demo, "validation"))
        run.command("stop")
    visit.status("Stopped" if demo in LONG else "Finished")
    visit.sees("#live-chart .ui-progress-sentence", "before training: ")
    visit.forward("test")
    visit.press(EXAMPLES)
    visit.sees("#answer", "Before training")


@pytest.mark.parametrize(
    ("demo", "look"),
    [
        pytest.param(demo.name, look, id=f"{demo.name}-{look.name.replace(' ', '-')}", marks=installed(demo))
        for demo, look in zip(DEMOS, cycle(LOOKS), strict=False)
    ],
)
def test_from_the_page_to_a_prediction_in_six_presses_without_a_network(
    browser: Any, offline: StudioServer, attempts: Path, demo: str, look: Look, request: pytest.FixtureRequest
) -> None:
    with looking(browser, offline, look) as visit:
        walk(visit, demo)
        assert visit.presses <= MOST_PRESSES
        draft = max(offline.drafts(), key=lambda draft: draft["run"] or "")
        run = offline.store.get(draft["run"])
        assert has_learned(run, demo, "test")
        if demo == NAMED:
            check_names(control_names(visit), request.config.getoption("--write-names"))
            visit.step("test")
        visit.press("#own-data")
        visit.arrives("data")
        visit.sees("#upload")
        assert not visit.page.locator("#data-details").is_visible()
    assert not attempts.exists(), attempts.read_text(encoding="utf-8")  # so the demos come first in this file


def test_a_model_of_the_hub_that_cannot_be_had_is_not_marked_as_chosen(profile: Any, offline: StudioServer) -> None:
    with first_visit(profile, offline) as visit:
        visit.open()
        visit.choose_task("text-classification")
        visit.sees("#models [role=radio]", "DistilBERT").click()
        visit.sees("#message", "cannot be downloaded")
        visit.sees("#models [aria-checked=true]", "MiniLM L6")  # the one that was recommended stays
        visit.sees("#models [role=radio][aria-disabled=true]", "DistilBERT")  # and nobody tries in vain again
        assert visit.complaints == []


def test_what_is_wrong_with_the_messages_is_listed_and_can_be_left_as_it_came(
    profile: Any, offline: StudioServer
) -> None:
    with first_visit(profile, offline) as visit:
        visit.open()
        visit.sees("[data-testid=card-messages]").click()
        visit.arrives("data")
        visit.unfold("#glance")
        visit.sees("#dropped tbody tr", "'delivey' was renamed to 'delivery'.")
        visit.sees("#put-right [data-testid=change-copies]").click()
        visit.sees("#offered [data-testid=change-copies]", "6 copies")
        visit.sees("#dropped tbody tr", "A copy of row 13.").get_by_text("used").wait_for()
        visit.page.locator("#put-right .ui-change-all").click()
        visit.sees("#class-counts", "delivey")
        visit.sees("#dropped tbody tr", "The only example of 'delivey'.").get_by_text("'delivery' meant?").wait_for()
        visit.page.locator("#offered .ui-change-all").click()
        visit.sees("#put-right [data-testid='change-label:delivey']")
        visit.until("() => !document.querySelector('#offered .ui-change')")
        assert "delivey" not in visit.page.locator("#class-counts").inner_text()
        for name in ("account", "delivery"):
            visit.sees("#classes-chosen input").click()
            visit.sees("#classes-chosen [role=option]", name).click()
        visit.sees("#classes-rename").click()
        visit.sees("#class-names-message", "need a name")
        visit.page.fill("#classes-name input, #classes-name textarea", "order")
        visit.page.keyboard.press("Enter")
        visit.sees("#put-right [data-testid='change-label:account']", "order")
        visit.sees("#class-counts", "order")
        assert not {"account", "delivery"} & set(visit.page.locator("#class-counts .ui-bar-label").all_inner_texts())
        assert visit.complaints == []


def test_choices_for_data_of_ones_own_come_back_after_a_demo(visit: Visitor, text_model: Path) -> None:
    visit.open()
    visit.choose_task("text-classification")
    visit.choose_folder(text_model)
    visit.way_on("data")
    visit.sees(f"[data-testid=card-{next(iter(DEMOS)).name}]").click()
    visit.arrives("data")
    visit.step("model")
    visit.sees("[data-testid='card-starter/text'][aria-checked=true]")
    visit.sees("[data-testid=card-own]").click()
    visit.sees("[data-testid=card-own][aria-checked=true]")
    visit.sees("#model-summary", text_model.name)
