"""Finding the best by one press on Train: what is tried is written down, and its board says why."""

from typing import Any

import pytest
from drawn_pages import reading_quickly
from logs import make_run

from studio.app import auto_search
from studio.app.auto_search import begin_auto
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.sweep_board import Boards
from studio.app.sweep_search import offered, shown_sweep
from studio.errors import StudioError
from studio.sweeps.candidates import CANDIDATE
from studio.sweeps.folder import Sweep


@pytest.fixture
def begun(services: Services, text_draft: Draft, monkeypatch: pytest.MonkeyPatch) -> list[Sweep]:
    found: list[Sweep] = []
    reading_quickly(monkeypatch, str(text_draft.model))
    monkeypatch.setattr(auto_search, "start_driver", lambda sweep, environment: found.append(sweep))
    monkeypatch.setattr(auto_search, "check", lambda *about: None)
    return found


def test_one_press_begins_it(services: Services, text_draft: Draft, begun: list[Sweep]) -> None:
    draft = begin_auto(services, text_draft, 7)
    assert len(begun) == 1 and shown_sweep(services, draft, offered(services, draft)) == begun[0]
    space, options = begun[0].read()
    assert space.auto and (options.method, options.minutes) == ("auto", 7)
    assert space.auto.of("full").points and "7 minutes" in begun[0].name
    assert space.config(space.first()).data.source == draft.run_config().data.source


@pytest.mark.parametrize("minutes", [None, 0, -1, 1e9, float("nan"), True, "5"])
def test_it_takes_a_number_of_minutes(services: Services, text_draft: Draft, begun: list[Sweep], minutes: Any) -> None:
    with pytest.raises(StudioError, match="number of minutes"):
        begin_auto(services, text_draft, minutes)
    assert not begun


def test_the_board_says_why(services: Services, text_draft: Draft, begun: list[Sweep]) -> None:
    begin_auto(services, text_draft, 5)
    sweep, runs = begun[0], [make_run(services.store, str(number)) for number in range(2)]
    for number, (name, value, seconds) in enumerate((("suggested", 0.7, 12), ("full", 0.71, 60))):
        facts = {"parameters": {CANDIDATE: name}, "forecast": seconds}
        sweep.tell(number, run=runs[number].id, end="completed", value=value, seconds=seconds, **facts)
    html = Boards().poll(sweep, services.store, services.index, "")["html"]
    for words in (
        "Suggested",
        "Full fine-tuning",
        "usually does best",
        "It was expected to take about 60 s.",
        "takes less time, and its 70.0%",
    ):
        assert words in html, words
    assert html.index("71.0%") < html.index("70.0%"), "the best one is on top"
    assert "What matters" not in html


def test_it_is_offered_while_nothing_is_searched(
    services: Services, shell: Shell, text_draft: Draft, begun: list[Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shell.pages["train"]
    place = [getattr(each, "elem_id", "") for each in page.outputs].index("auto-start")
    assert page.show(text_draft)[place]["visible"]
    draft = begin_auto(services, text_draft, 5)
    monkeypatch.setattr(Sweep, "status", property(lambda sweep: "running"))
    assert not page.show(draft)[place]["visible"]
