"""Searching for the best settings: begun by two presses, gone on with after its process was killed, and opened."""

from typing import Any

import pytest
from studio_page import FAST, StudioServer, Visitor

from studio.sweeps.folder import Sweeps

pytestmark = pytest.mark.browser
TRIALS = 3


def test_a_search_survives_its_process_and_its_best_trial_is_opened(
    visit: Visitor, studio: StudioServer, endless: dict[str, Any]
) -> None:
    run = studio.queue("A short run", **{**endless, "training": {**FAST, "epochs": 2}})
    visit.open()
    visit.open_run(run)
    visit.status("Finished")
    visit.unfold("#sweep")
    trials = visit.sees("#sweep-trials input")
    trials.fill(str(TRIALS))
    trials.press("Tab")
    visit.wait(lambda: any(draft["searching"]["how"].get("trials") == TRIALS for draft in studio.drafts()))
    visit.press("#sweep-start")
    visit.sees("#sweep-stop:visible")
    visit.sees("#sweep-board", "Trials that have ended")
    sweep = next(iter(Sweeps(studio.home)))
    visit.wait(lambda: any(trial.run for trial in sweep.trials()))
    driver = sweep.driver.process() if sweep.driver else None
    assert driver is not None
    driver.kill()
    visit.sees("#sweep-board", "The search was interrupted.")
    visit.press("#sweep-go-on:visible")
    visit.sees("#sweep-board", "All its trials have ended.")
    assert len(sweep.trials()) == TRIALS and len({trial.run for trial in sweep.trials()}) == TRIALS
    visit.sees("#sweep-board figure svg")
    visit.press("#sweep-board button[data-event=select]")
    visit.sees("#page-train h2", f"{sweep.name} ·")
    visit.status("Finished")
    visit.press("#sweep-board button[data-event=compare]")
    visit.arrives("runs")
    visit.sees("#compare-loss .js-plotly-plot")
    assert visit.complaints == []
