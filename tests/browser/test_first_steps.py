"""Without a network, without a mouse, on a narrow screen, in the dark."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from studio_page import StudioServer, Visitor, visitor

pytestmark = pytest.mark.browser
PAGES = ("model", "data", "strategy", "train", "test", "runs", "share", "projects")
TITLES = {
    "en": ("Model", "Data", "Strategy", "Train", "Test", "Runs", "Share", "Projects"),
    "fr": ("Modèle", "Données", "Stratégie", "Entraînement", "Test", "Sessions", "Partager", "Projets"),
}
MOST_SHIFT = 0.02  # of a page after it is drawn: https://web.dev/articles/cls calls 0.1 good
COUNT_SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; })
    .observe({ type: "layout-shift", buffered: true });"""


def test_without_a_network_cards_say_why_and_a_search_says_it_too(visit: Visitor) -> None:
    visit.open()
    visit.choose_task("text-classification")
    unreachable = visit.page.locator("#models [role=radio][aria-disabled=true]")
    assert unreachable.count() >= 2
    for text in unreachable.all_inner_texts():
        assert "not reachable" in text and "offline" in text
    visit.page.locator("#other-models > button").first.click()
    visit.page.fill("#hub-query input, #hub-query textarea", "roberta")
    visit.page.click("#hub-search")
    visit.sees("#hub-note", "The Hub cannot be asked.")
    visit.page.locator("#download-progress progress").wait_for(state="detached")
    visit.step("model")


def test_without_a_network_a_data_set_of_the_hub_is_refused_in_plain_words(visit: Visitor, text_model: Path) -> None:
    visit.open()
    visit.choose_task("text-classification")
    visit.choose_folder(text_model)
    visit.forward("data")
    visit.page.get_by_text("Use a data set from the Hugging Face Hub").click()
    visit.page.get_by_label("Name of the data set").fill("owner/name")
    visit.page.click("#hub-use")
    visit.sees("#message .ui-notice")
    assert "Traceback" not in visit.page.locator("#message").inner_text()
    visit.page.locator("#import-progress progress").wait_for(state="detached")


def test_the_language_is_chosen_by_keyboard_and_stays(visit: Visitor) -> None:
    page = visit.open().page
    visit.sees("[data-testid=languages]")
    names = "[document.documentElement.lang, document.querySelector('[data-testid=languages]').ariaLabel]"
    assert page.evaluate(names) == ["en", "Language: English"]
    page.focus("[data-testid=languages]")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("[data-testid=languages]:focus").count() == 1
    assert not page.locator("[data-testid=language-de]").is_visible()
    page.keyboard.press("Enter")
    page.locator("[data-testid=language-de]").focus()
    page.keyboard.press("Enter")
    visit.sees("#begin", "Was möchten Sie tun?")
    page.reload()
    visit.sees("#begin", "Was möchten Sie tun?")
    visit.sees("[data-testid=languages]")
    assert page.evaluate(names) == ["de", "Sprache: Deutsch"]
    page.click("[data-testid=languages]")
    page.click("[data-testid=language-en]")
    visit.sees("#begin", "What do you want to do?")


def test_a_wrong_folder_is_explained_and_what_was_chosen_stays(visit: Visitor, tmp_path: Path) -> None:
    visit.open()
    visit.choose_task("text-classification")
    visit.page.locator("#other-models > button").first.click()
    visit.page.fill("#model-folder input, #model-folder textarea", str(tmp_path / "nothing here"))
    visit.page.click("#use-folder")
    visit.sees("#message", "There is no folder")
    visit.page.fill("#model-folder input, #model-folder textarea", str(tmp_path))
    visit.page.click("#use-folder")
    visit.sees("#message .ui-notice", "cannot be used")
    assert visit.page.locator("[data-testid=card-text-classification][aria-checked=true]").count() == 1


def test_the_first_step_needs_no_mouse(visit: Visitor, text_model: Path) -> None:
    page = visit.page
    page.emulate_media(reduced_motion="no-preference")  # where things move, too, the focus comes to the heading
    visit.open()
    visit.sees("#demos [role=radio]")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never came to {selector}")

    tab_to("#demos [role=radio]")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    visit.sees("#tasks [role=radio]")
    tab_to("#tasks [role=radio]")
    page.keyboard.press("Enter")
    visit.sees("#other-models")
    tab_to("#other-models button")
    page.keyboard.press("Enter")
    visit.sees("#model-folder input, #model-folder textarea")
    tab_to("#model-folder input, #model-folder textarea")
    page.keyboard.type(str(text_model))
    page.keyboard.press("Enter")
    visit.way_on("data")
    tab_to("#way-on button")
    page.keyboard.press("Enter")
    visit.arrives("data")
    visit.until("() => document.activeElement.matches('#page-data h2') && scrollY === 0")
    tab_to("#samples [role=radio]")
    page.keyboard.press("Enter")
    visit.sees("#column-1 input")
    for column in ("#column-0", "#column-1"):
        tab_to(f"{column} input")
        visit.sees(f"{column} [role=listbox]")
    page.keyboard.press("Tab")
    visit.until("() => !document.querySelector('[role=listbox]')")


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        (390, "light", "en"),
        (390, "dark", "fr"),
        (1280, "light", "fr"),
        (1280, "dark", "en"),
    ],  # French has the longest words
)
def test_no_page_scrolls_sideways_or_moves_and_axe_finds_no_barrier(
    browser: Any,
    studio: StudioServer,
    walked: Any,
    width: int,
    scheme: str,
    language: str,
    record_property: Callable[[str, Any], None],
) -> None:
    with visitor(browser, studio, width=width, scheme=scheme, locale=language) as visit:
        visit.page.add_init_script(COUNT_SHIFTS)
        visit.open()
        visit.open_run(walked.run)
        assert visit.page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
        assert studio.process is not None
        server, costs = psutil.Process(studio.process.pid), {}
        for key in PAGES:
            visit.page.evaluate("window.shifted = 0")
            before = sum(server.cpu_times()[:2])
            visit.step(key)
            visit.page.wait_for_timeout(800)  # what a page asks for after it is drawn has come
            costs[key] = round(sum(server.cpu_times()[:2]) - before, 2)
            assert visit.page.evaluate("window.shifted") < MOST_SHIFT, key
            visit.finds_no_fault()
            named = visit.page.locator("#stepper").get_by_role("button", name=TITLES[language][PAGES.index(key)])
            assert named.count() == 1
        record_property("processor seconds of the server for each page", costs)
        assert visit.complaints == []
