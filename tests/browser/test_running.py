"""A run at work: refreshed, looked at by two, zoomed, queued behind, and what is left when a process is killed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from studio_page import StudioServer, Visitor, first_visit, kill_worker, visitor

from studio.store import Run

pytestmark = pytest.mark.browser
PLOT = "document.querySelector('#live-chart .js-plotly-plot')"
ZOOM = f"() => window.Plotly.relayout({PLOT}, {{'xaxis.range': [2, 4]}})"
AXIS = f"() => [...{PLOT}.layout.xaxis.range]"


@pytest.fixture
def running(studio: StudioServer, endless: dict[str, Any]) -> Iterator[Run]:
    run = studio.queue("An endless run", **endless)
    yield run
    kill_worker(run)


def logged(run: Run) -> list[int]:
    """The steps of the curve as the log tells them."""
    return [step for step, _ in run.state().train]


def stop(visit: Visitor) -> None:
    visit.sees("#stop:visible").click()
    visit.status("Stopped")


def test_a_refresh_and_a_second_browser_see_the_same_live_curve_and_zoom_is_kept(
    browser: Any, visit: Visitor, studio: StudioServer, running: Run
) -> None:
    visit.open()
    visit.open_run(running)
    visit.curve_longer_than(5)
    before = visit.curve()
    visit.page.reload()
    visit.arrives("train")
    visit.sees("#page-train h2", running.name)
    visit.curve_longer_than(len(before))
    assert visit.curve()[: len(before)] == before
    visit.step("strategy")
    visit.way_on("train")
    visit.open_advanced()
    assert visit.page.locator("#training-epochs input").input_value() == "1000"
    visit.step("train")

    with visitor(browser, studio) as other:
        other.open()
        other.open_run(running)
        other.curve_longer_than(len(before))
        seen = len(other.curve())
        visit.page.evaluate(ZOOM)
        count = len(visit.curve())
        visit.curve_longer_than(count + 3)
        assert visit.page.evaluate(AXIS) == [2, 4]
        other.curve_longer_than(seen + 3)
        assert other.complaints == []
        stop(other)
    visit.status("Stopped")
    assert visit.curve() == logged(running)


def test_a_second_start_waits_visibly_and_begins_when_the_first_has_ended(
    visit: Visitor, studio: StudioServer, running: Run, endless: dict[str, Any]
) -> None:
    visit.open()
    visit.open_run(running)
    visit.status("Training")
    visit.sees("#start[disabled]")
    second = studio.queue("The one behind", **endless)
    try:
        visit.open_run(second)
        visit.status("Waiting in line")
        visit.sees("#stop", "Leave the queue")
        visit.open_run(running)
        visit.sees("#queue", "Begins when 'An endless run' has ended.")
        visit.sees("#add").click()
        visit.sees("#queue li", "Place 2 in line.").get_by_test_id("queue-first").click()
        visit.sees("#queue li:nth-child(2)", "The one behind")
        visit.sees("#queue li:nth-child(1)").get_by_test_id("queue-out").click()
        visit.until("() => document.querySelectorAll('#queue li').length === 1")
        assert [run.id for run in studio.store if run.state().status == "queued"] == [second.id]
        visit.status("Training")
        stop(visit)
        visit.open_run(second)
        visit.status("Training")
        visit.curve_longer_than(2)
        stop(visit)
    finally:
        kill_worker(second)


def test_a_killed_worker_shows_at_once_and_resume_goes_on(
    visit: Visitor, studio: StudioServer, endless: dict[str, Any]
) -> None:
    run = studio.queue("A run that is killed", **endless)
    visit.open()
    visit.open_run(run)
    visit.curve_longer_than(4)
    visit.wait(lambda: run.state().checkpoint is not None)
    assert kill_worker(run) is not None
    visit.status("Interrupted")  # by the next poll: see tests/app/test_live.py
    visit.sees("#live-chart", "The training process has ended unexpectedly.")
    lost = run.state().step
    visit.sees("#resume:visible").click()
    visit.status("Training")
    visit.wait(lambda: run.state().step > lost)
    stop(visit)
    steps = visit.curve()
    assert steps == sorted(set(steps)) == logged(run)
    visit.way_on("test")


def press_until_heard(visit: Visitor, run: Run, button: str) -> None:
    """A press is lost where Gradio loads the page anew just then, as it may once another server answers."""

    def is_heard() -> bool:
        if run.pending_command == button or run.state().status != "running":
            return True
        if (found := visit.page.locator(f"#{button}:visible")).count():
            found.click()
            visit.page.wait_for_timeout(500)
        return False

    visit.wait(is_heard)


def test_a_killed_server_comes_back_to_a_run_that_went_on(
    profile: Any, own_studio: StudioServer, endless: dict[str, Any]
) -> None:
    run = own_studio.queue("An endless run", **endless)
    with first_visit(profile, own_studio) as visit:
        visit.open()
        visit.open_run(run)
        visit.curve_longer_than(5)
        own_studio.kill()
        lost = len(visit.curve())
        reached = run.state().step
        visit.wait(lambda: run.state().step > reached + 20)
        own_studio.start()
        visit.curve_longer_than(lost + 10)
        press_until_heard(visit, run, "stop")
        visit.status("Stopped")
        steps = visit.curve()
        assert steps == sorted(set(steps)) == logged(run)
        visit.way_on("test")
    state = run.state()
    assert state.has_model and state.best is not None
    finished = [json.loads(line) for line in run.events_file.read_text(encoding="utf-8").splitlines()][-1]
    assert finished["type"] == "finished" and finished["best_step"] == state.best.step
