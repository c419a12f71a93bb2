"""The live chart in a real Chromium: what it asks, what it draws, and that it goes on whatever happens."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser

COUNTS = "document.querySelector('#live .ui-live-plot').data.map((trace) => trace.x.length)"
LAST = "document.querySelector('#live .ui-live-plot').data.map((trace) => trace.x.at(-1) ?? null)"


def wait_for(live: Any, expression: str, value: Any) -> None:
    live.shown.page.wait_for_function(f"value => JSON.stringify({expression}) === JSON.stringify(value)", arg=value)


def test_points_are_appended_and_a_zoom_is_kept(live: Any) -> None:
    page = live.shown.page
    wait_for(live, COUNTS, [2, 2, 0, 0])
    page.evaluate("Plotly.relayout(document.querySelector('#live .ui-live-plot'), {'xaxis.range': [0.5, 2.5]})")
    live.source.extra.append({"offset": 20, "train": [[3, 1.2]], "validation": [[3, 1.4]]})
    wait_for(live, COUNTS, [3, 3, 1, 0])
    live.source.extra.append({"offset": 30, "metric": [[3, 0.8]], "metric_name": "accuracy", "train": [[4, 1.1]]})
    wait_for(live, COUNTS, [4, 4, 1, 1])
    assert page.evaluate("document.querySelector('#live .ui-live-plot').layout.xaxis.range") == [0.5, 2.5]
    assert "accuracy" in page.locator("#live .ui-chart-legend").inner_text()
    wait_for(live, "document.querySelector('#live [aria-live]').textContent.includes('accuracy 0.800')", True)
    live.until(lambda: live.source.asked[-1] == ("made-up", 30))


def test_a_resumed_run_loses_what_lies_after_its_checkpoint(live: Any) -> None:
    wait_for(live, COUNTS, [2, 2, 0, 0])
    live.source.extra.append({"offset": 20, "train": [[3, 1.2], [4, 9.0]], "validation": [[4, 9.0]]})
    wait_for(live, COUNTS, [4, 4, 1, 0])
    live.source.extra.append({"offset": 30, "truncate": 2, "train": [[3, 1.0]]})
    wait_for(live, COUNTS, [3, 3, 0, 0])
    live.source.extra.append({"offset": 40, "reset": True, "train": [[1, 5.0]]})
    wait_for(live, COUNTS, [1, 1, 0, 0])


def test_status_reaches_python_and_done_ends_the_asking(live: Any) -> None:
    page = live.shown.page
    live.shown.heard('{"status": "running"}')
    live.source.extra.append(
        {"offset": 20, "status": "completed", "status_title": "Done", "progress": 1.0, "done": True}
    )
    live.shown.heard('{"status": "completed"}')
    assert page.get_by_test_id("live-status").inner_text() == "Done" and page.title().startswith("Done · ")
    assert page.locator("#live [role=progressbar]").get_attribute("aria-valuenow") == "100"
    asked = live.source.calls
    page.wait_for_timeout(1300)
    assert live.source.calls == asked
    page.locator("#again").click()
    live.source.extra.append({"offset": 30, "train": [[3, 1.0]], "status": "running"})
    wait_for(live, LAST, [3, 3, None, None])
    assert live.source.asked[-1][1] >= 20


def test_another_run_starts_anew(live: Any) -> None:
    page = live.shown.page
    wait_for(live, COUNTS, [2, 2, 0, 0])
    page.locator("#next").click()
    wait_for(live, COUNTS, [0, 0, 0, 0])
    live.until(lambda: live.source.asked[-1] == ("next", 0))
    page.locator("#leave").click()
    wait_for(live, "document.querySelector('#live [aria-live]').textContent", "")
    page.wait_for_selector("#live .ui-live-nothing", state="visible")


def test_a_server_that_goes_away_is_waited_for(live: Any) -> None:
    page = live.shown.page
    wait_for(live, COUNTS, [2, 2, 0, 0])
    live.source.failing = True
    page.wait_for_function("document.querySelector('#live .ui-live-hint').textContent === 'Reconnecting…'")
    live.source.extra.append({"offset": 20, "train": [[3, 1.2]]})
    live.source.failing = False
    wait_for(live, COUNTS, [3, 3, 0, 0])
    assert page.locator("#live .ui-live-hint").inner_text() == ""


def test_it_waits_for_as_long_as_the_server_wants(live: Any) -> None:
    wait_for(live, COUNTS, [2, 2, 0, 0])
    live.source.extra.append({"offset": 20, "wait": 30})
    live.until(lambda: not live.source.extra)
    asked = live.source.calls
    live.shown.page.wait_for_timeout(1500)
    assert live.source.calls == asked


def test_slow_answers_are_never_asked_for_twice(live: Any) -> None:
    wait_for(live, COUNTS, [2, 2, 0, 0])
    live.source.wait = 1.2  # it asks twice a second
    before = live.source.calls
    live.until(lambda: live.source.calls >= before + 3)
    assert live.source.most_active == 1


def test_twenty_thousand_points_are_thinned_for_drawing(live: Any) -> None:
    page = live.shown.page
    wait_for(live, COUNTS, [2, 2, 0, 0])
    live.source.extra.append({"offset": 20, "reset": True, "train": [[step, 1 / (1 + step)] for step in range(20_000)]})
    page.wait_for_function(f"{COUNTS}[0] > 2 && {COUNTS}[0] <= 4000")
    live.source.extra.append({"offset": 30, "train": [[step, 0.1] for step in range(20_000, 20_400)]})
    page.wait_for_function(f"{LAST}[0] >= 20390")
    assert page.evaluate(f"{COUNTS}[0]") <= 4000


def test_smoothing_lags_behind_nothing_and_can_be_switched_off(live: Any) -> None:
    page = live.shown.page
    falling = [[step, 100.0 - step] for step in range(1, 101)]
    live.source.extra.append({"offset": 20, "reset": True, "train": falling, "best": 40})
    wait_for(live, COUNTS, [100, 100, 0, 0])
    plot = "document.querySelector('#live .ui-live-plot')"
    assert page.evaluate(f"{plot}.data[1].y") == pytest.approx([value for _step, value in falling])
    assert page.evaluate(f"{plot}.layout.shapes[0].x0") == 40
    page.get_by_test_id("smoothing").fill("0")
    page.wait_for_function(f"{plot}.data[1].y.every((value, at) => value === {plot}.data[0].y[at])")
    live.source.extra.append({"offset": 30, "train": [[101, 0.5]]})
    wait_for(live, LAST, [101, 101, None, None])
    page.get_by_test_id("smoothing").fill("4")
    levelling = [[step, max(0.0, 40.0 - step)] for step in range(1, 101)]
    live.source.extra.append({"offset": 40, "reset": True, "train": levelling, "best": 40})
    wait_for(live, LAST, [100, 100, None, None])
    assert min(page.evaluate(f"{plot}.data[1].y")) == 0, "a loss that levels out at 0 does not fall below it"
    page.get_by_test_id("logarithmic").check()
    page.wait_for_function(f"{plot}.layout.yaxis.type === 'log'")


def test_the_points_can_be_downloaded(live: Any) -> None:
    page = live.shown.page
    wait_for(live, COUNTS, [2, 2, 0, 0])
    with page.expect_download() as download:
        page.get_by_test_id("chart-CSV").click()
    first, *_, last = download.value.path().read_text().splitlines()
    assert download.value.suggested_filename == "made-up.csv" and first == "step,series,value" and last.startswith("2,")
    with page.expect_download() as download:
        page.get_by_test_id("chart-PNG").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_before_there_is_a_curve_the_stages_stand_in_its_place(live: Any) -> None:
    page = live.shown.page
    page.locator("#next").click()  # a run whose curve is not known yet: never that of the one before
    page.wait_for_selector("#live .ui-live-plot", state="hidden")
    stages = [{"title": "Load", "state": "now", "share": 0.25}, {"title": "Check", "state": "next"}]
    told = {"stages": stages, "share": 0.4, "left": 12, "doing": "caching"}
    news = {"offset": 1, "status": "running", "phase": "Every example passes.", "progress": 0.0, "preparing": told}
    live.source.extra.append(news)
    page.wait_for_selector("#live .ui-stage-now[aria-current=step]")
    assert page.locator("#live .ui-stages li").all_inner_texts() == ["Load\n25%\nin progress", "Check\nstill to come"]
    bar = page.locator("#live [role=progressbar]")
    assert (bar.get_attribute("aria-valuenow"), bar.get_attribute("aria-valuetext")) == ("40", "about 10 s left")
    live.source.extra.append({"offset": 2, "train": [[1, 1.0]], "progress": 0.01, "preparing": None})
    page.wait_for_selector("#live .ui-live-plot", state="visible")
    page.wait_for_selector("#live .ui-stages", state="hidden")
    assert bar.get_attribute("aria-valuenow") == "1"


def test_one_step_is_read_off_both_charts_by_mouse_and_by_keyboard(live: Any) -> None:
    page = live.shown.page
    news = {"reset": True, "train": [[step, 1 / step] for step in range(1, 31)], "reading": "It still improves."}
    checks = {"validation": [[10, 0.5], [20, 0.4], [30, 0.3]], "metric": [[10, 0.6], [20, 0.7], [30, 0.8]]}
    live.source.extra.append({"offset": 20, **news, **checks, "metric_name": "nDCG@10", "metric_percent": True})
    wait_for(live, COUNTS, [30, 30, 3, 3])
    assert page.get_by_test_id("live-reading").inner_text() == "It still improves."
    page.get_by_test_id("look-at-step").press("ArrowLeft")
    readout = page.locator("#live .ui-live-readout")
    assert readout.inner_text().startswith("step 20") and "validation 0.400 · nDCG@10 70.0%" in readout.inner_text()
    captions = page.evaluate("document.querySelector('#live .js-plotly-plot').layout.annotations.map(({text}) => text)")
    assert "nDCG@10" in captions, "a measure is written as its field writes it"
    page.wait_for_function("document.querySelectorAll('#live .hoverlayer .legend').length === 1")
    box = page.locator("#live .ui-live-plot .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.34, box["y"] + box["height"] / 2)  # of steps from 0 to 30
    spoken = page.locator(
        "#live [data-testid=look-at-step][aria-valuetext^='step 1'][aria-valuetext*='validation 0.500']"
    )
    spoken.wait_for(state="attached")


def test_a_newer_progress_changes_the_bar_that_is_there(live: Any) -> None:
    page = live.shown.page
    page.locator("#work").click()
    page.wait_for_selector("#progress [role=progressbar][aria-valuenow='0']")
    bar = page.locator("#progress [role=progressbar]").element_handle()
    page.locator("#work").click()
    page.wait_for_selector("#progress [role=progressbar][aria-valuenow='33']")
    assert bar.is_visible(), "screen readers hear one bar, and not a new one each time"
    assert page.locator("#progress [role=status]").inner_text().startswith("<img src=x")
    assert page.locator("#progress .ui-progress-detail").inner_text() == "40 of 120"
    page.locator("#rest").click()
    page.wait_for_selector("#progress [role=progressbar]", state="detached")


def test_a_progress_that_appears_out_of_sight_is_scrolled_to(live: Any) -> None:
    page = live.shown.page
    page.set_viewport_size({"width": 1280, "height": 300})
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.body.prepend(Object.assign(document.createElement('div'), {style: 'height: 900px'}))")
    page.evaluate("document.querySelector('#work').click()")
    where = "document.querySelector('#progress [role=progressbar]')?.getBoundingClientRect().bottom"
    page.wait_for_function(f"({where} ?? 999) < innerHeight")
