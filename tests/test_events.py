"""The state of a run is the fold over its events, whole or in pieces, whatever happened to its workers."""

import random
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from studio import language
from studio.events import (
    AnyEvent,
    CheckpointSaved,
    Evaluated,
    Failed,
    Finished,
    Note,
    Paused,
    Phase,
    Planned,
    Resumed,
    RunState,
    Started,
    Step,
    fold,
    parse,
)
from studio.store import Run


def started(time: float) -> Started:
    return Started(time=time, device="cpu", precision="fp32", threads=2)


def planned(time: float) -> Planned:
    shape: dict[str, Any] = {"total_steps": 10, "steps_per_epoch": 5, "epochs": 2, "batch_size": 4}
    return Planned(
        time=time,
        **shape,
        examples={"train": 20},
        trainable_parameters=1,
        total_parameters=2,
        headline_metric="accuracy",
    )


def step(time: float, number: int, loss: float = 1.0) -> Step:
    return Step(
        time=time, step=number, epoch=number / 5, loss=loss, learning_rate=0.1, examples_per_second=9, memory_bytes=1
    )


def scored(time: float, number: int, accuracy: float, best: bool = False, split: Any = "validation") -> Evaluated:
    return Evaluated(time=time, split=split, step=number, epoch=1, metrics={"accuracy": accuracy}, best=best)


LIFE: list[AnyEvent] = [
    started(100), planned(101), step(102, 1, 0.9), scored(103, 1, 0.5, best=True), CheckpointSaved(time=104, step=1),
    step(105, 2, 0.7), step(106, 3, 0.6), scored(107, 3, 0.6, best=True),
]  # fmt: skip


def test_a_life_in_events() -> None:
    state = fold(LIFE)
    assert state.status == "running" and state.step == 3
    assert state.train == ((1, 0.9), (2, 0.7), (3, 0.6))
    assert [point.step for point in state.validation] == [1, 3]
    assert state.best is not None and state.best.metrics == {"accuracy": 0.6}
    assert state.resumable and state.checkpoint == 1 and not state.has_model


def test_sentences_of_a_log_can_be_said_in_another_language() -> None:
    sentence = language._("Data")
    told = [Note(text=sentence), Failed(what=sentence, why="plain"), Phase(name="saving", sentence=sentence)]
    for event in told:
        line = event.model_dump_json()
        read = parse(line)
        assert read == event and '"en":"Data"' in line
        assert "Daten" in language.all_said([str(value) for value in vars(read).values()], "de")


def test_folding_in_pieces_is_the_same() -> None:
    for cut in range(len(LIFE) + 1):
        assert fold(LIFE[cut:], fold(LIFE[:cut])) == fold(LIFE)


def test_resuming_forgets_what_the_lost_process_did() -> None:
    state = fold([*LIFE, started(200), Resumed(time=201, step=1), step(202, 2, 0.71)])
    assert state.train == ((1, 0.9), (2, 0.71))
    assert [point.step for point in state.validation] == [1]
    assert state.best is not None and state.best.step == 1


def test_only_working_time_counts() -> None:
    state = fold([*LIFE, Paused(time=110, step=3), started(1000), Resumed(time=1001, step=3), step(1010, 4)])
    assert state.started == 100 and state.seconds == pytest.approx(10) and state.working_since == 1000
    ended = fold([Finished(time=1020, reason="completed", best_step=3, seconds=30)], state)
    assert ended.seconds == pytest.approx(30) and ended.working_since is None


def test_a_worker_that_died_without_a_word_is_not_counted_until_the_next() -> None:
    assert fold([*LIFE, started(5000)]).seconds == pytest.approx(7)


def random_events(chance: random.Random, count: int) -> list[AnyEvent]:
    """What workers may log: lives that end, are killed or are resumed anywhere, with curves in between."""
    events: list[AnyEvent] = [started(100), planned(101)]
    number, time = 0, 102.0
    for _ in range(count):
        time += chance.random()
        kind = chance.choices(("step", "check", "resume", "life", "other"), (60, 15, 5, 3, 10))[0]
        if kind == "step":
            number += chance.randint(1, 3)
            events.append(step(time, number, chance.random()))
        elif kind == "check":
            events.append(scored(time, number, chance.random(), chance.random() < 0.4))
        elif kind == "resume":
            number = chance.randint(-1, number)
            events.append(Resumed(time=time, step=number))
        elif kind == "life":
            last_words = [Paused(time=time, step=number), Failed(time=time, what="x", resumable=True)]
            events += [*chance.sample(last_words, chance.randint(0, 1)), started(time + 50)]
            time += 50
        else:
            notes = [Note(time=time, text=str(time)), CheckpointSaved(time=time, step=number)]
            others = [Phase(time=time, name="saving", sentence="Saving."), scored(time, number, 0.5, split="test")]
            events.append(chance.choice([*notes, *others]))
    return events


@pytest.mark.parametrize("seed", range(20))
def test_going_on_is_the_same_as_folding_everything_anew(seed: int) -> None:
    """In random pieces, with every state kept: none of them may change when others go on from it."""
    chance = random.Random(seed)
    events = random_events(chance, 300)
    state, end, kept = RunState(), 0, []
    while end < len(events):
        start, end = end, end + chance.randint(1, 20)
        state = fold(events[start:end], state)
        kept.append((end, state))
        if chance.random() < 0.3:  # somebody else goes on from an earlier one, another way
            fold(random_events(chance, 10), chance.choice(kept)[1])
    for end, state in kept:
        assert state == fold(events[:end])
        steps, checks = [number for number, _ in state.train], [event.step for event in state.validation]
        assert steps == sorted(set(steps)) and checks == sorted(checks)
        assert state.best == next((event for event in reversed(state.validation) if event.best), None)
    assert any(isinstance(event, Resumed) for event in events)


def test_resuming_cuts_as_a_filter_would() -> None:
    chance = random.Random(3)
    for _ in range(50):
        events = random_events(chance, 60)
        before, step_kept = fold(events), chance.randint(-1, 60)
        after = fold([*events, Resumed(time=10_000, step=step_kept)])
        assert after.train == tuple(point for point in before.train if point[0] <= step_kept)
        assert after.validation == tuple(event for event in before.validation if event.step <= step_kept)


def test_one_event_more_costs_the_same_however_long_the_run_is() -> None:
    state = fold([*LIFE, *(step(200, number) for number in range(4, 50_000))])
    longer = fold([step(201, 50_000)], state)
    assert longer.train._items is state.train._items and len(longer.train) == len(state.train) + 1


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (Paused(time=110, step=3), "paused"),
        (Finished(time=110, reason="completed", best_step=3, seconds=1), "completed"),
        (Finished(time=110, reason="early-stopping", best_step=3, seconds=1), "completed"),
        (Finished(time=110, reason="stopped", best_step=3, seconds=1), "stopped"),
        (Failed(time=110, what="No memory."), "failed"),
    ],
)
def test_how_a_run_ends(event: AnyEvent, status: str) -> None:
    assert fold([*LIFE, event]).status == status


def test_a_run_stopped_before_training_has_no_model() -> None:
    ended = fold([Finished(time=1, reason="stopped", best_step=0, seconds=0, has_model=False)])
    assert ended.status == "stopped" and not ended.has_model


def test_a_failure_is_reported_and_forgotten_with_the_next_life() -> None:
    failed = fold([*LIFE, Failed(time=110, what="No memory.", why="x", resumable=True)])
    assert failed.failure is not None and failed.failure.what == "No memory." and failed.resumable
    assert fold([started(200)], failed).failure is None


def test_the_test_split_notes_and_phases() -> None:
    notes = [Note(time=1, text="hello"), Phase(time=2, name="loading", sentence="Loading.")]
    state = fold([*notes, scored(3, 3, 0.8, split="test")])
    assert state.notes[0].text == "hello" and state.phase is not None and state.status == "starting"
    assert state.test is not None and state.test.metrics["accuracy"] == 0.8 and state.validation == ()


@pytest.mark.parametrize("event", [*LIFE, Paused(step=1), Failed(what="x"), Note(text="ä")], ids=lambda e: e.type)
def test_events_survive_the_log(event: AnyEvent) -> None:
    assert parse(event.model_dump_json(exclude_none=True)) == event


def test_a_newer_worker_may_say_more_and_what_is_unknown_is_passed_over(tmp_path: Path) -> None:
    assert parse('{"type": "note", "text": "a", "colour": "red"}') == Note(text="a")
    with pytest.raises(ValidationError):
        parse('{"type": "telegram"}')
    newer = [
        '{"type": "started", "version": 99, "device": "tpu", "precision": "fp4", "threads": 1, "nodes": 3}',
        '{"type": "telegram", "time": 7, "text": "stop"}',
        '{"type": "phase", "name": "dreaming", "sentence": "Dreaming."}',
        '{"type": "note", "text": "a", "colour": "red"}',
        '"no event at all"',
    ]
    run = Run(tmp_path)
    run.events_file.write_text("\n".join(newer) + "\n", encoding="utf-8")
    state = run.state()
    assert state.hardware is not None and (state.hardware.version, state.hardware.device) == (99, "tpu")
    assert state.notes == (Note(text="a"),) and state.phase is None
    assert fold([]) == RunState()


def test_an_old_log_is_of_the_first_version() -> None:
    started = parse('{"type": "started", "device": "cpu", "precision": "fp32", "threads": 1}')
    assert isinstance(started, Started) and started.version == 1


def test_a_check_that_the_next_life_repeats_counts_once() -> None:
    """As after a pause at the end of a pass, and a failure before the next checkpoint."""
    life = [started(1), planned(2), step(3, 8), scored(4, 8, 0.5, best=True)]
    state = fold([*life, Resumed(step=8, time=5), scored(6, 8, 0.5, best=True), step(7, 9)])
    assert [event.step for event in state.validation] == [8] and state.best == state.validation[0]
