"""More tabs of one browser on one running run than a browser opens connections to a server, which are six."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from studio_page import StudioServer, Visitor, first_visit, kill_worker

from studio.store import Run

pytestmark = pytest.mark.browser
TABS = 7


@pytest.fixture
def running(studio: StudioServer, endless: dict[str, Any]) -> Iterator[Run]:
    run = studio.queue("Watched by many", **endless)
    yield run
    run.dequeue()
    kill_worker(run)


def bring_to_front(tab: Visitor, tabs: list[Visitor]) -> None:
    """A browser without a window shows all its tabs at once: tell the others that nobody sees them."""
    for each in tabs:
        each.page.evaluate(
            """seen => {
                const state = seen ? "visible" : "hidden";
                Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
                Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            each is tab,
        )


def test_all_of_them_stay_live(profile: Any, studio: StudioServer, running: Run) -> None:
    with ExitStack() as opened:
        first = opened.enter_context(first_visit(profile, studio))
        first.open().open_run(running)
        first.curve_longer_than(3)
        tabs = [first]
        for _ in range(TABS - 1):
            tabs.append(Visitor(profile.new_page(), studio).open())
            opened.callback(tabs[-1].page.close)
            bring_to_front(tabs[-1], tabs)
            tabs[-1].curve_longer_than(3)
        ahead = running.state().step + 10
        for tab in tabs:
            bring_to_front(tab, tabs)
            tab.until(
                "step => document.querySelector('#live-chart .js-plotly-plot')?.data?.[0]?.x.at(-1) > step",
                ahead,
            )
