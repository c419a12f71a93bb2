"""Searching for the best settings: what varies is chosen, the search is begun, watched, stopped and gone on with."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from logs import make_run
from served import app_with, ask_component, services_with, somebody

from studio.app import sweep_search
from studio.app.access.gate import guest
from studio.app.access.person import asked_by
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.sweep_board import Boards
from studio.app.sweep_search import begin, change, compare, end, open_trial, resume, settings_of, shown_sweep
from studio.app.sweep_settings import can_vary, choose, enter, form_value, sweep_text, varying
from studio.config import RunConfig
from studio.errors import StudioError
from studio.paths import Home
from studio.sweeps.folder import Sweep, Sweeps, read_sweep
from studio.sweeps.space import Choices, Range
from studio.sweeps.trials import TrialLog

CONFIG = {
    "task": "text-classification",
    "model": {"id": "starter/text"},
    "data": {"source": "reviews.csv"},
    "strategy": {"name": "lora"},
    "training": {"learning_rate": 2e-4, "epochs": 4},
}
RATE, EPOCHS, OPTIMIZER = "training.learning_rate", "training.epochs", "training.optimizer"


def a_draft(**config: Any) -> Draft:
    return Draft(id="a" * 24, config={**CONFIG, **config}, title="reviews")


def known_of(draft: Draft) -> Any:
    return can_vary(draft.run_config())


# --- which settings vary -----------------------------------------------------------------------------


def test_what_people_vary_first_is_chosen_for_them() -> None:
    spaces = varying(a_draft(), known_of(a_draft()))
    assert spaces == {RATE: {"low": 2e-5, "high": 2e-3, "log": True}, EPOCHS: {"low": 2, "high": 8}}


def test_everything_offered_can_be_searched() -> None:
    """Whatever its bounds are, the usual range of a setting is one that a run can have."""
    for name in ("lora", "gradual"):
        draft = a_draft(strategy={"name": name})
        for path, setting in known_of(draft).items():
            chosen = choose(draft, known_of(draft), [path])
            space, _options = read_sweep(sweep_text(chosen, chosen.run_config(), known_of(chosen)))
            assert set(space.dimensions) == {path}, setting.title


def test_ranges_and_choices_are_entered() -> None:
    draft = choose(a_draft(), known_of(a_draft()), [RATE, OPTIMIZER])
    for group, name, value in (
        (f"vary/{RATE}", "low", "0.01"),
        (f"vary/{RATE}", "high", "0.001"),
        (f"vary/{RATE}", "log", False),
        *((f"vary/{OPTIMIZER}", each, False) for each in ("adam", "sgd")),
        ("sweep/trials", "trials", "7"),
        ("sweep/method", "method", "random"),
    ):
        draft = enter(draft, known_of(draft), {"group": group, "name": name, "value": value})
    assert not draft.refused
    space, options = read_sweep(sweep_text(draft, draft.run_config(), known_of(draft)))
    assert space.dimensions[RATE] == Range(0.001, 0.01), "the ends may be entered the other way round"
    optimizers = space.dimensions[OPTIMIZER]
    assert isinstance(optimizers, Choices) and "adamw" in optimizers.values and "sgd" not in optimizers.values
    assert (options.trials, options.method) == (7, "random")


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [(f"vary/{EPOCHS}", "low", "0"), (f"vary/{EPOCHS}", "high", "many"), ("sweep/trials", "trials", "-1")],
)
def test_what_cannot_be_is_refused_in_its_field(group: str, name: str, value: str) -> None:
    draft = enter(a_draft(), known_of(a_draft()), {"group": group, "name": name, "value": value})
    fields = [field for each in form_value(draft, known_of(draft))["groups"] for field in each["fields"]]
    assert [field["value"] for field in fields if "problem" in field] == [value]
    with pytest.raises(StudioError, match="Correct"):
        sweep_text(draft, draft.run_config(), known_of(draft))


def test_fields_of_one_title_say_what_they_are_of() -> None:
    draft = a_draft()
    varied = [each for each in form_value(draft, known_of(draft))["groups"] if each["key"].startswith("vary/")]
    assert varied and all(field["within"] == each["title"] for each in varied for field in each["fields"])


def test_a_search_needs_something_that_varies() -> None:
    none = choose(a_draft(), known_of(a_draft()), [])
    unticked = choose(a_draft(), known_of(a_draft()), [OPTIMIZER])
    for _title, word in known_of(unticked)[OPTIMIZER].choices:
        event = {"group": f"vary/{OPTIMIZER}", "name": str(word), "value": False}
        unticked = enter(unticked, known_of(unticked), event)
    for draft, why in ((none, "No setting varies"), (unticked, "is ticked")):
        with pytest.raises(StudioError, match=why):
            sweep_text(draft, draft.run_config(), known_of(draft))


def test_what_a_browser_makes_up_changes_nothing() -> None:
    draft, known = a_draft(), known_of(a_draft())
    for event in (
        {"group": "vary/data.source", "name": "low", "value": "1"},
        {"group": f"vary/{EPOCHS}", "name": "choices", "value": "1"},
        {"group": "sweep/x", "name": "x", "value": "1"},
        {"group": "", "name": "", "value": None},
    ):
        assert enter(draft, known, event) == draft
    assert varying(choose(draft, known, ["data.source", EPOCHS]), known) == {EPOCHS: {"low": 2, "high": 8}}


# --- begun, watched, stopped --------------------------------------------------------------------------


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Sweep]:
    """Drivers that would have been started."""
    found: list[Sweep] = []
    monkeypatch.setattr(sweep_search, "start_driver", lambda sweep, environment: found.append(sweep))
    monkeypatch.setattr(sweep_search, "check", lambda *about: None)
    return found


def test_two_presses_begin_a_search(services: Services, begun: list[Sweep]) -> None:
    draft = begin(services, services.drafts.save(a_draft()))
    assert len(begun) == 1 and shown_sweep(services, draft, sweep_search.offered(services, draft)) == begun[0]
    space, options = begun[0].read()
    assert set(space.dimensions) == {RATE, EPOCHS} and options.trials == 20
    assert (begun[0].name, begun[0].about_runs["data"], begun[0].most_bytes) == ("Search 1", "reviews", None)
    end(services, draft)
    assert begun[0].is_told_to_stop
    resume(services, draft)
    assert begun == [begun[0]] * 2 and not begun[0].is_told_to_stop


def test_two_tabs_that_begin_a_search_begin_one(
    services: Services, begun: list[Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(services, services.drafts.save(a_draft()))
    monkeypatch.setattr(Sweep, "status", property(lambda sweep: "running"))
    again = begin(services, draft)
    assert len(begun) == 1 and shown_sweep(services, again, sweep_search.offered(services, again)) == begun[0]
    begin(services, draft.change(id="b" * 24))
    assert len(begun) == 2, "another project searches beside it"


def test_the_newest_search_is_shown_and_older_ones_by_a_choice(services: Services, begun: list[Sweep]) -> None:
    draft = a_draft()
    other = begin(services, draft.change(id="b" * 24))
    begin(services, draft)
    theirs, own = begun
    found = sweep_search.offered(services, draft)
    assert [sweep_id for _words, sweep_id in found] == [own.id]
    assert shown_sweep(services, other, sweep_search.offered(services, other)) == theirs
    assert shown_sweep(services, sweep_search.pick(draft, theirs.id), found) == theirs
    assert shown_sweep(services, sweep_search.pick(draft, "../x"), found) == own


def test_the_page_shows_it(services: Services, shell: Shell, begun: list[Sweep]) -> None:
    page = shell.pages["train"]
    draft = begin(services, a_draft())
    assert begun[0].id in str(page.show(draft)) and "Passes over the data" in str(page.show(draft))
    assert len(page.show(Draft(id="c" * 24))) == len(page.outputs), "before anything is chosen, too"


def a_sweep(home: Home, draft: str = "a" * 24) -> Sweep:
    values = {**CONFIG, "training": {"epochs": {"low": 1, "high": 9}, "optimizer": {"choices": ["adamw", "lion"]}}}
    return Sweeps(home).create(yaml.safe_dump({**values, "sweep": {"trials": 9}}), "Search 1", draft)


def tell(sweep: Sweep, number: int, run: str, **facts: Any) -> None:
    parameters = {"training.epochs": number + 1, "training.optimizer": ["adamw", "lion"][number % 2]}
    sweep.tell(number, run=run, parameters=parameters, **facts)


def test_the_board_is_drawn_anew_only_where_something_has_changed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, boards = a_sweep(services.home), Boards()
    runs = [make_run(services.store, str(number)) for number in range(3)]
    tell(sweep, 0, runs[0].id, end="completed", value=0.7, seconds=65)
    tell(sweep, 1, runs[1].id, end="pruned", value=0.9)
    tell(sweep, 2, runs[2].id)

    def poll(seen: str = "") -> dict[str, Any]:
        return boards.poll(sweep, services.store, services.index, seen)

    first = poll()
    html = first["html"]
    for words in ("ended: 2 of 9", "90.0%", "Optimizer: Lion", "Ended early", "Training", "1 min 5 s", "Press Go on"):
        assert words in html, words
    assert html.index("90.0%") < html.index("70.0%") and first["status"] == "interrupted" and first["done"]
    assert "html" not in poll(first["seen"])
    tell(sweep, 2, runs[2].id, end="failed", reason="No memory is left.")
    (sweep.folder / "importance.json").write_text(json.dumps({"training.epochs": 0.8, "training.optimizer": 0.2}))
    second = poll(first["seen"])["html"]
    assert "No memory is left." in second and "explains 80% of the differences" in second
    reads: list[int] = []
    read = TrialLog.read
    monkeypatch.setattr(TrialLog, "read", lambda log: (reads.append(log._offset), read(log))[1])
    poll()
    assert reads == [sweep.trials_file.stat().st_size], "nothing is read twice"


def test_a_sweep_that_cannot_be_read_is_told(services: Services) -> None:
    sweep = a_sweep(services.home)
    sweep.config_file.write_text("task: nothing")
    assert "cannot" in Boards().poll(sweep, services.store, services.index, "")["html"]


def test_trials_are_opened_and_compared(services: Services) -> None:
    sweep, draft = a_sweep(services.home), a_draft()
    runs = [services.store.create(RunConfig.read(CONFIG).to_text(), str(number)) for number in range(3)]
    for number, run in enumerate(runs):
        run.annotate(sweep=sweep.id)
        tell(sweep, number, run.id, end="completed", value=number / 10)
    opened = open_trial(services, draft, {"key": runs[1].id})
    assert (opened.run, opened.searching.sweep) == (runs[1].id, sweep.id)
    compared = compare(services, draft, {"key": runs[2].id})
    assert (compared.picked, compared.compared) == (runs[2].id, (runs[2].id, runs[1].id, runs[0].id))
    with pytest.raises(StudioError, match="not there"):
        open_trial(services, draft, {"key": "20260101-000000-abcd"})


def test_changes_wait_until_everything_is_chosen(services: Services) -> None:
    fresh = Draft(id="d" * 24)
    assert settings_of(services, fresh) == (None, {}) and change(services, choose, fresh, [EPOCHS]) == fresh


# --- several people -----------------------------------------------------------------------------------


@pytest.fixture
def of_a_guest(home: Home) -> Iterator[Services]:
    made = services_with(home, open_to_everyone=True, guest_megabytes=10, guest_runs=1)
    with asked_by(guest("x" * 43)):
        yield made
    made.workspaces.close()


def test_the_trials_of_a_guest_count_as_their_runs(
    of_a_guest: Services, begun: list[Sweep], monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = begin(of_a_guest, a_draft(data={"source": str(of_a_guest.home.root / "reviews.csv")}))
    assert begun[0].most_bytes == 10 * 1024**2
    with pytest.raises(StudioError, match="cannot begin"):
        event = {"group": "sweep/together", "name": "together", "value": "2"}
        begin(of_a_guest, enter(draft, known_of(draft), event))
    monkeypatch.setattr(Sweep, "status", property(lambda sweep: "running"))
    with pytest.raises(StudioError, match="cannot begin"):
        begin(of_a_guest, draft)
    make_run(of_a_guest.store, "waits").enqueue()
    with pytest.raises(StudioError, match="queue"):
        begin(of_a_guest, draft)
    assert len(begun) == 1


def test_nobody_sees_the_search_of_another(home: Home) -> None:
    sweep = a_sweep(home)
    app = app_with(home, open_to_everyone=True)
    visitor = somebody(app)
    visitor.get("/")
    answer = ask_component(visitor, "sweep-board", "poll_sweep", {"sweep": sweep.id, "seen": ""})
    assert json.loads(answer)["html"] == ""
    for forged in ({"sweep": 3, "seen": ""}, {"sweep": "../..", "seen": ""}, [], None):
        said = ask_component(visitor, "sweep-board", "poll_sweep", forged)
        assert "Load the page again" in said or json.loads(said)["html"] == ""
