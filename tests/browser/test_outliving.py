"""A run outlives the page, a refresh, the server, and its own worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser.conftest import ENDLESS
from studio_page import StudioServer, Visitor, kill_worker, visitor

from studio.store import Run

INTERRUPTED_SECONDS = 5


@contextmanager
def watched(browser: Any, server: StudioServer, model: Path, data: Path) -> Iterator[tuple[Visitor, Run]]:
    """Somebody in front of a run that lasts; it is stopped in the end."""
    with visitor(browser, server) as visit:
        visit.prepare("text-classification", model, data)
        visit.choose_preset("thorough")
        visit.open_advanced()
        for name in ("epochs", "batch_size", "checkpoint_seconds"):
            visit.set_training(name, ENDLESS[name])
        visit.forward("#to-train", "train")
        run = visit.start()
        visit.curve_longer_than(5)
        yield visit, run
        kill_worker(run)


def increasing(steps: list[int]) -> bool:
    return all(first < second for first, second in zip(steps, steps[1:], strict=False))


def test_a_refresh_and_a_second_browser_find_the_run(
    browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path
) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, run):
        seen = len(visit.curve())
        visit.page.reload()
        visit.arrives("train")
        visit.curve_longer_than(seen)
        assert increasing(visit.curve())
        visit.step("data")
        assert visit.page.locator("#column-0 input").input_value() == "text"  # nothing entered is lost
        with visitor(browser, own_studio) as other:
            other.open().open_run(run)
            other.curve_longer_than(seen)


def test_a_zoom_is_kept_while_points_arrive(
    browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path
) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, _):
        chart = "document.querySelector('#live-chart .js-plotly-plot')"
        visit.page.evaluate(f"() => Plotly.relayout({chart}, {{'xaxis.range': [1, 4]}})")
        visit.curve_longer_than(len(visit.curve()) + 5)
        assert visit.page.evaluate(f"() => [...{chart}.layout.xaxis.range]") == [1, 4]


def test_the_server_is_killed_and_the_run_goes_on(
    browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path
) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, run):
        own_studio.kill()
        worker = run.worker
        assert worker is not None and worker.is_alive
        before = run.state().step
        visit.wait(lambda: run.state().step > before + 5)
        own_studio.start()
        visit.until(
            "step => document.querySelector('#live-chart .js-plotly-plot').data[0].x.at(-1) > step", before + 5
        )  # the page that was open all the time goes on by itself
        steps = visit.curve()
        assert increasing(steps)
        told = [step for step, _ in run.state().train if step <= steps[-1]]
        assert steps[-20:] == told[-20:]  # none is missing at the seam
        visit.page.click("#stop")
        visit.status("Stopped")
        assert run.state().has_model


def test_a_killed_worker_is_interrupted_and_resumes(
    browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path
) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, run):
        visit.wait(lambda: run.state().checkpoint is not None)
        kill_worker(run)
        visit.status("Interrupted", timeout=INTERRUPTED_SECONDS * 1000)
        visit.sees("#live-chart", "The training process is gone.")
        reached = run.state().step
        visit.sees("#resume").click()
        visit.status("Training")
        visit.wait(lambda: run.state().step > reached, seconds=60)
        visit.curve_longer_than(1)
        assert increasing([step for step, _ in run.state().train])
        visit.sees("#pause").click()
        visit.status("Paused")
        visit.sees("#resume").click()
        visit.status("Training")


def test_a_second_start_waits_visibly(
    browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path, endless: dict[str, Any]
) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, first):
        second = own_studio.queue("The second one", **endless)
        visit.step("runs")
        visit.sees("#runs tbody tr", "The second one")
        visit.sees("#runs tbody tr", "Waiting for its turn")
        visit.step("train")
        visit.page.click("#stop")
        visit.status("Stopped")
        visit.wait(lambda: second.worker is not None and second.worker.is_alive, seconds=60)
        assert first.state().status == "stopped"
        kill_worker(second)


def test_ten_tabs_stay_live(browser: Any, own_studio: StudioServer, text_model: Path, many_reviews: Path) -> None:
    with watched(browser, own_studio, text_model, many_reviews) as (visit, run):
        tabs = [Visitor(visit.page.context.new_page(), own_studio) for _ in range(9)]
        for tab in tabs:
            tab.open()
            tab.arrives("train")
        target = run.state().step + 20
        for tab in (visit, *tabs):
            tab.page.bring_to_front()
            tab.until(
                "step => document.querySelector('#live-chart .js-plotly-plot')?.data?.[0]?.x.at(-1) > step", target
            )
