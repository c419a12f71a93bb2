"""The pages with more runs than a browser is given, and with runs whose logs are not read yet."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import gradio as gr
import pytest
from logs import NOW, abandoned, at_work, checked, make_run, planned, started, step, write

from studio import run_index
from studio.app import run_comparison, run_list
from studio.app import runs as runs_module
from studio.app.drafts import Draft
from studio.app.labels import write as write_label
from studio.app.pages import Page, Services
from studio.app.tabs import runs as runs_tab
from studio.app.tabs import share as share_tab
from studio.app.tabs import test as test_tab
from studio.events import Finished


def built(tab: ModuleType, services: Services) -> Page:
    with gr.Blocks():
        page: Page = tab.build(services)
        return page


def test_the_list_is_asked_for_again_when_it_would_show_something_else(services: Services) -> None:
    page, draft = built(runs_tab, services), Draft(id="0" * 24)
    table = [widget.elem_id for widget in page.outputs].index("runs")
    run, other = (at_work(write(make_run(services.store, name), started(), planned())) for name in ("one", "two"))

    def value(draft: Draft = draft) -> Any:
        shown = page.show(draft)[table]
        json.dumps(shown)
        return shown

    before = value()
    write(run, step(1))
    assert value() == before == value(draft), "a step alone does not throw anybody back to the first page"
    changes: list[Callable[[], object]] = [
        lambda: write(run, checked(1, 0.5, best=True)),
        lambda: write(run, Finished(reason="completed", best_step=1, seconds=2.0, time=NOW + 10.0)),
        lambda: abandoned(other),
        lambda: other.rename("three"),
        lambda: services.store.delete(run),
        lambda: services.store.restore(run.id),
    ]
    for change in changes:
        change()
        assert value() != before
        before = value()


def test_a_run_that_is_not_read_yet_says_so_and_the_list_asks_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write(make_run(services.store, "of an earlier version"), started(), planned(), step(1))
    monkeypatch.setattr(run_index, "SECONDS_FOR_MISSING_ROWS", -1.0)
    monkeypatch.setattr(services.index, "start", lambda: None)
    listed = run_list.run_page(services, {})
    assert listed["again"] and listed["rows"][0]["name"] == run.name and listed["total"] == 1
    assert listed["rows"][0]["status"]["text"] == "Being read"
    built(runs_tab, services).show(Draft(id="0" * 24, picked=run.id))
    monkeypatch.undo()
    assert "again" not in run_list.run_page(services, {})


def test_of_many_runs_the_browser_gets_the_newest_and_the_chosen_ones(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Finished(reason="completed", best_step=1, seconds=3.0, time=NOW + 60)
    for number in range(1, 7):
        run = write(make_run(services.store, f"run {number}"), started(), planned(), step(1), ended)
        run.folder.rename(run.folder.with_name(f"2026010{number}-000000-aaaa"))
    for module in (runs_module, run_comparison):
        monkeypatch.setattr(module, "MOST_OFFERED", 3)
    oldest = "20260101-000000-aaaa"
    page = built(runs_tab, services)
    compare = [getattr(output, "elem_id", None) for output in page.outputs].index("compare")
    shown = page.show(Draft(id="0" * 24, picked=oldest, compared=("20260102-000000-aaaa",)))
    assert [name for name, _ in shown[compare]["choices"]] == ["run 6", "run 5", "run 4", "run 1", "run 2"]
    for tab in (test_tab, share_tab):
        drawn = built(tab, services).show(Draft(id="0" * 24, run=oldest))
        (choices,) = (update["choices"] for update in drawn if isinstance(update, dict) and "choices" in update)
        assert [run_id for _, run_id in choices] == [*(f"2026010{n}-000000-aaaa" for n in (6, 5, 4)), oldest]
        assert [name.split(" · ")[0] for name, _ in choices] == ["run 6", "run 5", "run 4", "run 1"]


def test_a_damaged_run_is_shown_as_damaged_with_what_can_be_done(services: Services) -> None:
    run = write(make_run(services.store, "mine"), started(), planned(), step(1))
    run.meta_file.write_text('{"created": "x"}')
    (row,) = run_list.run_page(services, {})["rows"]
    assert row["status"]["text"] == "Damaged" and "Rename the run" in row["metric"]
    built(runs_tab, services).show(Draft(id="0" * 24, picked=run.id))
    write_label(services, lambda draft: run, Draft(id="0" * 24, picked=run.id), "anew", "", "")
    (row,) = run_list.run_page(services, {})["rows"]
    assert row["name"] == "anew" and row["status"]["text"] == "Interrupted"
