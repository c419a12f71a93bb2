"""Ten tabs of one browser on one running run."""

from collections.abc import Iterator
from typing import Any

import pytest
from studio_page import StudioServer, Visitor, kill_worker, visitor

from studio.store import Run

pytestmark = pytest.mark.browser
TABS = 10


@pytest.fixture
def running(studio: StudioServer, endless: dict[str, Any]) -> Iterator[Run]:
    run = studio.queue("Watched by many", **endless)
    yield run
    run.dequeue()
    kill_worker(run)


def test_all_of_them_stay_live(browser: Any, studio: StudioServer, running: Run) -> None:
    with visitor(browser, studio) as first:
        first.open().open_run(running)
        first.curve_longer_than(3)
        tabs = [first, *(Visitor(first.page.context.new_page(), studio).open() for _ in range(TABS - 1))]
        for tab in tabs:
            tab.page.bring_to_front()  # a tab that nobody sees asks for nothing
            tab.curve_longer_than(3)
        ahead = running.state().step + 10
        for tab in tabs:
            tab.page.bring_to_front()
            tab.until(
                "step => document.querySelector('#live-chart .js-plotly-plot')?.data?.[0]?.x.at(-1) > step",
                ahead,
            )
