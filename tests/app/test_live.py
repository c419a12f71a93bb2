"""The live chart's news: small, complete, and the same for everybody who looks."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from logs import NOW, abandoned, at_work, checked, make_run, planned, started, step, write, write_steps

from studio import event_log
from studio.app.live import FIRST_POINTS, STORIES, Pace, duration, poll, stretch_of, thin
from studio.app.log_lines import log_lines
from studio.app.states import LINES, States
from studio.event_log import LogPosition
from studio.events import CheckpointSaved, Evaluated, Failed, Finished, Note, Paused, Phase, Resumed
from studio.files import replace_json
from studio.paths import Home
from studio.store import Run, Store
from studio.tasks import TASKS
from studio.tasks.base import Scores, View
from studio.tasks.former_results import SCORES


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


class Client:
    """What a chart in a browser has after its polls, told by the contract of `components.charts.live_chart`."""

    def __init__(self, store: Store, states: States, run: Run) -> None:
        self.store, self.states, self.run = store, states, run
        self.offset = 0
        self.train: list[tuple[int, float]] = []
        self.validation: list[tuple[int, float]] = []
        self.metric: list[tuple[int, float]] = []
        self.shown: dict[str, Any] = {}

    def poll(self) -> dict[str, Any]:
        message = poll(self.store, self.states, self.run.id, self.offset)
        parts = (self.train, self.validation, self.metric)
        if message.get("reset"):
            for part in parts:
                part.clear()
        if "truncate" in message:
            for part in parts:
                part[:] = [point for point in part if point[0] <= message["truncate"]]
        for part, key in zip(parts, ("train", "validation", "metric"), strict=True):
            part += [tuple(point) for point in message.get(key, ())]
        self.offset = message["offset"]
        self.shown.update(message)
        json.dumps(message, allow_nan=False)
        return message

    @property
    def story(self) -> tuple[Any, ...]:
        return self.train, self.validation, self.metric, self.shown["status"], self.shown.get("stats")


@pytest.fixture
def client(store: Store) -> Client:
    return Client(store, States(), at_work(make_run(store)))


# --- size -------------------------------------------------------------------------------------------


def test_at_twenty_thousand_points_the_first_poll_is_thinned_and_the_next_is_small(client: Client) -> None:
    write_steps(client.run, 20_000)
    first = client.poll()
    assert FIRST_POINTS / 2 <= len(first["train"]) <= FIRST_POINTS and first["train"][-1][0] == 20_000
    assert len(json.dumps(first)) < 60_000
    for number in range(20_001, 20_006):  # half a second of the fastest training
        write(client.run, step(number))
    scores = dict.fromkeys(("accuracy", "precision_macro", "recall_macro", "f1_macro", "loss"), 0.123456)
    check = Evaluated(split="validation", step=20_005, epoch=4.0, metrics=scores, best=True, time=NOW + 2100.0)
    write(client.run, Phase(name="evaluating", sentence="Scoring the validation split."), check)
    write(client.run, CheckpointSaved(step=20_005), Phase(name="training", sentence="Training."))
    news = client.poll()
    assert len(json.dumps(news)) < 1000
    assert [point[0] for point in news["train"]] == list(range(20_001, 20_006)) and len(news["log"]) == 1
    assert len(json.dumps(client.poll())) < 200, "nothing new"


def test_who_comes_back_to_a_run_that_went_far_gets_the_thinned_whole(client: Client) -> None:
    write_steps(client.run, 10)
    client.poll()
    notes = [Note(text=f"Note {number}", time=NOW + 3.0) for number in range(2 * LINES)]
    write(client.run, *[step(number) for number in range(11, 20_001)], *notes)
    news = client.poll()
    assert news["reset"] and len(json.dumps(news)) < 100_000
    assert FIRST_POINTS / 2 <= len(client.train) <= FIRST_POINTS and client.train[-1][0] == 20_000
    assert len(news["log"]) == LINES and news["log"][-1].endswith(f"Note {2 * LINES - 1}")
    write(client.run, step(20_001))
    assert "reset" not in client.poll() and client.train[-1][0] == 20_001


def test_thinning_keeps_the_mean_and_the_last_step() -> None:
    points = tuple((number, float(number)) for number in range(1, 101))
    thinned = thin(points, 10)
    assert len(thinned) == 10 and thinned[0] == (10, 5.5) and thinned[-1] == (100, 95.5)
    assert thin(points, 100) == list(points)
    assert thin(points[:7], 3)[-1][0] == 7
    assert thin((), 5) == []


# --- the story ------------------------------------------------------------------------------------


def test_every_client_ends_with_the_same_story(store: Store) -> None:
    run, states = at_work(make_run(store)), States()
    early = [Client(store, states, run) for _ in range(10)]
    events = [started(), planned(100)]
    for number in range(1, 61):
        events.append(step(number))
        if number % 20 == 0:
            events += [checked(number, number / 100, best=True), CheckpointSaved(step=number, time=NOW + 1000.0)]
    events += [started(2000.0), Resumed(step=40, time=NOW + 2000.0)]
    events += [
        event for number in range(41, 81) for event in ([step(number)] + [checked(number, 0.9)] * (number == 60))
    ]
    events.append(Finished(reason="completed", best_step=60, seconds=9.0, time=NOW + 3000.0))
    for count, event in enumerate(events):
        write(run, event)
        for number, each in enumerate(early):
            if count % (number + 1) == 0:
                each.poll()
    stories = []
    for each in [*early, Client(store, states, run), Client(store, States(), run)]:
        each.poll()
        each.poll()
        stories.append(each.story)
    assert all(story == stories[0] for story in stories)
    train, validation, metric, status, _ = stories[0]
    assert [point[0] for point in train] == list(range(1, 81))
    assert [point[0] for point in validation] == [point[0] for point in metric] == [20, 40, 60]
    assert metric[-1] == (60, 0.9) and status == "completed"


def test_resumed_twice_between_two_polls(client: Client) -> None:
    """First behind 10, later behind 30: what the second life made up to 30 counts."""
    write(client.run, started(), planned(), *(step(n, 1.0) for n in range(1, 21)))
    client.poll()
    write(client.run, Resumed(step=10), *(step(n, 2.0) for n in range(11, 41)), checked(35, 0.1))
    write(client.run, Resumed(step=30), *(step(n, 3.0) for n in range(31, 36)))
    client.poll()
    assert client.train == [(n, 1.0 if n <= 10 else 2.0 if n <= 30 else 3.0) for n in range(1, 36)]
    assert client.validation == []


def test_a_torn_last_line_waits_for_its_end(client: Client) -> None:
    write(client.run, started(), planned(), step(1))
    line = step(2).model_dump_json(exclude_none=True) + "\n"
    with client.run.events_file.open("a", encoding="utf-8") as log:
        log.write(line[:30])
        log.flush()
        assert [point[0] for point in client.poll()["train"]] == [1]
        assert "train" not in client.poll()
        log.write(line[30:])
    assert [point[0] for point in client.poll()["train"]] == [2]


def test_what_happens_while_the_poll_looks_is_told_by_the_next(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two reads of the log the worker writes on: nothing may be lost or told twice."""
    write(client.run, started(), planned(), step(1))
    read = event_log.read_lines
    late = iter([step(2), step(3), step(4), Failed(what="It broke.", time=NOW + 100.0)])

    def read_then_write(log: Path, position: LogPosition) -> Any:
        seen = read(log, position)
        if (event := next(late, None)) is not None:
            write(client.run, event)
        return seen

    monkeypatch.setattr(event_log, "read_lines", read_then_write)
    for _ in range(6):
        client.poll()
    assert [point[0] for point in client.train] == [1, 2, 3, 4]
    assert client.shown["status"] == "failed" and "It broke." in client.shown["notice"]


def test_a_worker_that_ends_while_the_poll_looks_is_not_taken_for_lost(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(client.run, started(), planned(), step(1))
    read, ended = event_log.read_lines, []

    def read_then_end(log: Path, position: LogPosition) -> Any:
        seen = read(log, position)
        if not ended:
            ended.append(write(client.run, Paused(step=1, time=NOW + 100.0)))
            abandoned(client.run)
        return seen

    monkeypatch.setattr(event_log, "read_lines", read_then_end)
    assert client.poll()["status"] == "paused"


@pytest.mark.parametrize(("count", "stretch"), [(0, 1), (400, 1), (2000, 5), (20_000, 5)])
def test_a_curve_of_fewer_points_is_smoothed_as_the_live_chart_does(count: int, stretch: int) -> None:
    assert stretch_of(count, 400) == stretch


# --- what is shown ----------------------------------------------------------------------------------


def test_a_run_in_the_queue(store: Store) -> None:
    run = make_run(store)
    run.enqueue()
    message = poll(store, States(), run.id, 0)
    assert message["status"] == "queued" and message["status_title"] == "Waiting in line"
    assert message["done"] is False and message["progress"] is None and message["notice"] == ""


def test_a_run_that_starts_says_what_it_does(client: Client) -> None:
    beginning = Phase(name="starting", sentence="Starting.", time=NOW - 1)
    phase = Phase(name="reading", sentence="Reading the data.", done=3, total=1200, time=NOW + 0.5)
    write(client.run, beginning, started(), phase)
    message = client.poll()
    assert message["status"] == "starting" and message["phase"] == "Reading the data."
    shown = {stage["title"]: (stage["state"], stage.get("share")) for stage in message["preparing"]["stages"]}
    assert shown["Start the training process"] == ("done", None) and shown["Read the data"] == ("now", 3 / 1200)
    assert shown["Load the model"] == ("next", None) and 0 < message["preparing"]["share"] < 1
    assert ("Device", "CPU · fp32") in message["stats"]


@pytest.mark.parametrize("name", ["loading", "preparing", "measuring", "caching", "saving"])
def test_what_a_worker_does_is_told_in_plain_words(client: Client, name: Any) -> None:
    write(client.run, started(), Phase(name=name, sentence="Technical words.", time=NOW + 0.5))
    assert client.poll()["phase"] == STORIES[name]


def test_while_steps_are_made_it_is_said_what_training_is(client: Client) -> None:
    write(client.run, started(), planned(100), Phase(name="evaluating", sentence="Checking.", time=NOW + 1), step(2))
    assert client.poll()["phase"] == STORIES["training"]


def test_at_the_end_the_numbers_are_those_of_the_kept_step(client: Client) -> None:
    checks = (checked(0, 0.2), checked(50, 0.84, best=True), checked(75, 0.75), checked(100, 0.7))
    done = Finished(reason="completed", best_step=50, seconds=9.0, time=NOW + 20)
    write(client.run, started(), planned(100), *checks, step(100), done)
    message = client.poll()
    stats = dict(message["stats"])
    assert stats["Kept step (the best)"] == "50 / 100" and stats["Validation loss"] == "0.160"
    assert "Training loss" not in stats and message["reading"].startswith("It began to memorise")
    assert all(hasattr(stats[name], "said") for name in ("Kept step (the best)", "Pass (epoch)", "Validation loss"))


def test_at_the_end_it_is_said_what_training_brought(client: Client) -> None:
    done = Finished(reason="completed", best_step=50, seconds=9.0, time=NOW + 20)
    write(client.run, started(), planned(100), checked(0, 0.21), checked(50, 0.84, best=True), step(100), done)
    told = "On the validation examples, the model now gets 84% right. Before training: 21% (Accuracy)."
    assert client.poll()["phase"] == told
    confusion = {"kind": "confusion", "title": "", "data": {"labels": ["a", "b"], "counts": [[4, 0], [2, 4]]}}
    counted = Scores({"accuracy": 0.8}, (View(**confusion),))
    replace_json(client.run.scores_file, SCORES.stamp({"validation": counted.as_dict()}))
    client.offset = 0
    words = "80% right: 8 of 10. Most often confused: 'b' with 'a'."
    assert TASKS["text-classification"].verdict(counted.as_dict()) == words, "as the Test page says it"
    assert client.poll()["phase"] == f"Validation examples: {words} Before training: 21% (Accuracy)."


def test_a_metric_without_plainer_words_is_told_by_its_title(client: Client) -> None:
    plan = planned(100).model_copy(update={"headline_metric": "mae"})
    checks = [
        checked(number, 0).model_copy(update={"metrics": {"mae": error}, "best": number > 0})
        for number, error in ((0, 3.0), (9, 0.5))
    ]
    done = Finished(reason="completed", best_step=9, seconds=9.0, time=NOW + 20)
    write(client.run, started(), plan, *checks, step(100), done)
    told = client.poll()
    assert told["phase"].startswith("On the validation examples, Mean error (MAE) is now 0.5 (how far")
    assert told["phase"].endswith(" Before training: 3 (Mean error (MAE)).")
    assert dict(told["stats"])["Best: Mean error (MAE)"] == "0.5"


def test_a_run_at_work(client: Client) -> None:
    write(client.run, started(), planned(100), step(25), checked(25, 0.75, best=True))
    message = client.poll()
    stats = dict(message["stats"])
    assert message["progress"] == 0.25 and message["done"] is False
    assert stats["Step"] == "25 / 100" and stats["Best: Accuracy"] == "75.0%" and stats["Time left"] == "12 s"
    assert message["metric_name"] == "Accuracy" and message["metric_percent"] and message["metric"] == [(25, 0.75)]


def test_an_interrupted_run_says_why_and_how_to_go_on(store: Store) -> None:
    run = abandoned(write(make_run(store), started(), planned(), step(1)))
    message = poll(store, States(), run.id, 0)
    assert message["status"] == "interrupted" and message["done"] is True
    assert "Resume" in message["notice"] and "ended unexpectedly" in message["notice"]


def test_a_worker_that_is_killed_between_two_polls_is_noticed_without_news(client: Client) -> None:
    write(client.run, started(), planned(), step(1))
    client.poll()
    abandoned(client.run)
    message = client.poll()
    assert message["status"] == "interrupted" and message["notice"] and message["done"]


def test_a_failed_run_shows_its_explanation_as_text(client: Client) -> None:
    write(client.run, started(), Failed(what="<b>No</b>", why="It is so.", what_to_do="Try.", time=NOW + 1.0))
    notice = client.poll()["notice"]
    assert "<b>No" not in notice and "It is so." in notice and "Try." in notice


def test_a_finished_run_is_full(client: Client) -> None:
    ended = Finished(reason="early-stopping", best_step=1, seconds=2.0, time=NOW + 10.0)
    write(client.run, started(), planned(100), step(1), ended)
    message = client.poll()
    assert message["progress"] == 1.0 and message["done"] and message["status_title"] == "Finished"
    assert ("Time spent", "10 s") in message["stats"]


def test_the_log_tells_what_people_want_to_read(client: Client) -> None:
    test = Evaluated(split="test", step=9, epoch=1.0, metrics={"accuracy": 0.5}, time=NOW + 1.0)
    write(
        client.run, started(), Note(text="Batch size: 8", time=NOW + 0.0), step(1), test, Paused(step=9, time=NOW + 2.0)
    )
    log = client.poll()["log"]
    assert [line[9:] for line in log] == [
        "Started on cpu, fp32, 1 thread.",
        "Batch size: 8",
        "Test at step 9: accuracy 0.5000",
        "Paused at step 9.",
    ]


def test_a_run_that_is_not_there(store: Store) -> None:
    for run_id in ("20260101-000000-abcd", "../../etc", ""):
        assert poll(store, States(), run_id, 0)["done"] is True


def test_the_state_is_the_fold_of_all_events(store: Store) -> None:
    run, states = at_work(make_run(store)), States()
    write(run, started(), planned(100))
    for number in range(1, 30):
        write(run, step(number))
        assert states.of(run) == run.state()
    write(run, Resumed(step=7))
    assert states.of(run) == run.state() and len(states.of(run).train) == 7


def test_a_second_browser_is_told_everything_without_reading_the_log_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, states = at_work(make_run(store)), States()
    write(run, started(), planned(100), *[step(number) for number in range(1, 30)])
    first = poll(store, states, run.id, 0)
    read: list[int] = []

    def read_nothing(log: Path, position: LogPosition) -> tuple[bytes, LogPosition]:
        read.append(position.offset)
        return b"", position

    monkeypatch.setattr(event_log, "read_lines", read_nothing)
    assert poll(store, states, run.id, 0) == first and set(read) == {first["offset"]}


@pytest.mark.parametrize("steps", [3, 9, 300], ids=["shorter", "about as long", "longer"])
def test_who_looks_at_a_log_that_was_replaced_starts_over(client: Client, steps: int) -> None:
    write(client.run, started(), planned(), *[step(number, 0.5) for number in range(1, 10)])
    client.poll()
    client.run.events_file.unlink()
    write(client.run, started(), planned(1000), *[step(number, 0.25) for number in range(1, steps + 1)])
    assert client.poll().get("reset") and client.train == [(number, 0.25) for number in range(1, steps + 1)]
    assert client.states.of(client.run) == client.run.state()
    write(client.run, step(steps + 1))
    assert "reset" not in client.poll() and client.train[-1][0] == steps + 1


def test_ten_thousand_checks_are_spread_over_the_chart(client: Client) -> None:
    checks = [checked(number, number / 10_000) for number in range(10_001)]
    write(client.run, started(), planned(10_000), *checks)
    client.poll()
    assert FIRST_POINTS / 2 <= len(client.validation) <= FIRST_POINTS + 1
    assert client.metric[0] == (0, 0.0) and client.metric[-1] == (10_000, 1.0)
    assert all(accuracy == step / 10_000 for step, accuracy in client.metric), "a mean is no score"


def test_only_the_logs_that_were_looked_at_last_are_remembered(store: Store) -> None:
    states, runs = States(most=2), [write_steps(make_run(store), 3) for _ in range(4)]
    for run in (*runs, *reversed(runs)):
        assert states.of(run).step == 3
    assert len(states._remembered) == 2


def test_a_snapshot_stays_as_it_is_while_others_read_on(store: Store) -> None:
    """Readers in threads hold a state for as long as they draw it; the worker and other readers go on meanwhile."""
    run, states = at_work(make_run(store)), States()
    write(run, started(), planned(10_000))
    ended = threading.Event()
    wrong: list[str] = []

    def look() -> None:
        while not ended.is_set():
            state = states.of(run)
            before = list(state.train)
            points = [point for point in state.train for _ in range(3)]  # takes a while
            if before != list(state.train) or points[::3] != before or (before and before[-1][0] != state.step):
                wrong.append("a state changed under its reader")

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 301):
        write(run, step(number))
        if number % 100 == 50:
            write(run, Resumed(step=number - 1), step(number, 0.5))
    ended.set()
    for reader in readers:
        reader.join()
    assert wrong == [] and [number for number, _ in states.of(run).train] == [*range(1, 301)]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_hundred_browsers_ask_together_as_often_as_a_few() -> None:
    pace = Pace(most=16)
    assert pace.wait() < 0.1
    assert [pace.wait() for _ in range(100)][-1] == pytest.approx(101 / 16, abs=0.5)


def test_what_a_model_writes_by_now_stands_in_the_log() -> None:
    check = Evaluated(split="validation", step=4, epoch=1.0, metrics={"loss": 2.0}, written=(" ", "Once\nupon " * 40))
    (line,) = log_lines([check], "loss")
    assert "It now writes: Once upon Once" in line and line.endswith("…") and len(line) < 300
