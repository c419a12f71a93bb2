"""Which settings of a run file vary, and what a trial makes of them."""

from typing import Any

import pytest

from studio.errors import StudioError
from studio.sweeps.space import Choices, Range, Space, space_of

RUN = {"task": "text-classification", "model": {"id": "starter/text"}, "data": {"source": "reviews.csv"}}


def space(**more: Any) -> Space:
    return space_of({**RUN, **more})


def refusal(**more: Any) -> str:
    with pytest.raises(StudioError) as refused:
        space(**more)
    return refused.value.explanation.why


def test_settings_and_whole_sections_vary() -> None:
    strategies = [{"name": "full"}, {"name": "lora", "r": 4}]
    found = space(
        training={"epochs": {"low": 1, "high": 3}, "learning_rate": {"low": 1e-5, "high": 1e-3, "log": True}},
        strategy={"choices": strategies},
        sweep={"trials": 3},
    )
    assert found.dimensions == {
        "training.epochs": Range(1, 3),
        "training.learning_rate": Range(1e-5, 1e-3, log=True),
        "strategy": Choices(tuple(strategies)),
    }
    config = found.config({"training.epochs": 2, "training.learning_rate": 1e-4, "strategy": strategies[1]})
    assert (config.training.epochs, config.training.learning_rate) == (2, 1e-4)
    assert config.strategy["name"] == "lora" and config.strategy["r"] == 4
    assert found.config(found.first()).strategy["name"] == "full"


def test_a_grid_has_every_combination() -> None:
    found = space(
        training={
            "epochs": {"low": 1, "high": 5, "step": 2},
            "learning_rate": {"low": 0.1, "high": 0.3, "step": 0.1},
            "optimizer": {"choices": ["adamw", "lion"]},
        }
    )
    points = list(found.grid())
    assert len(points) == len({str(point) for point in points}) == 3 * 3 * 2
    assert {point["training.epochs"] for point in points} == {1, 3, 5}
    assert sorted({round(point["training.learning_rate"], 3) for point in points}) == [0.1, 0.2, 0.3]


def test_a_grid_needs_values_that_can_be_counted() -> None:
    with pytest.raises(StudioError, match="learning_rate"):
        space(training={"learning_rate": {"low": 1e-5, "high": 1e-3}}).grid()
    endless = space(training={"learning_rate": {"low": 0.1, "high": 0.3, "step": 1e-9}})
    with pytest.raises(StudioError, match="too large"):
        endless.grid()
    with pytest.raises(StudioError, match="too large"):
        space(training={"epochs": {"low": 1, "high": 900}, "seed": {"low": 0, "high": 900}}).grid()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"low": 3, "high": 1}, "low is above high"),
        ({"low": 0, "high": 1, "log": True}, "above 0"),
        ({"low": 1, "high": 9, "log": True, "step": 1}, "not both"),
        ({"low": 1, "high": 9, "step": 0}, "a step is above 0"),
        ({"low": "a", "high": 9}, "are numbers"),
        ({"low": float("nan"), "high": 9}, "are numbers between"),
        ({"low": 1, "high": 10**400}, "are numbers between"),
        ({"low": 0.1, "high": 0.9, "step": 1e-320}, "its step is too small"),
        ({"choices": []}, "at least one"),
        ({"choices": "adamw"}, "a list"),
    ],
)
def test_a_mistaken_set_is_named(written: dict[str, Any], why: str) -> None:
    said = refusal(training={"epochs": written})
    assert "'training.epochs'" in said and why in said


def test_every_mistake_is_told_at_once() -> None:
    said = refusal(training={"epochs": {"low": 3, "high": 1}}, data={"source": {"choices": ["a.csv", "b.csv"]}})
    assert "low is above high" in said and "'data.source' cannot vary" in said


def test_what_no_run_could_use_is_refused_before_the_first_trial() -> None:
    said = refusal(training={"optimizer": {"choices": ["adamw", "adamv"]}, "epochs": {"low": -3, "high": 4}})
    assert "adamv" in said and "epochs" in said


def test_something_must_vary() -> None:
    assert "No setting" in refusal()


@pytest.mark.parametrize("name", [1, None, "a.b", "epochs.b"])
def test_a_name_that_leads_nowhere_is_no_setting(name: Any) -> None:
    assert f"'training.{name}' is not a known setting" in refusal(training={name: {"low": 1, "high": 2}})


def test_what_takes_too_long_to_check_is_refused() -> None:
    assert "1,000 are allowed" in refusal(training={"seed": {"choices": list(range(2000))}})


def test_a_trial_is_known_by_its_settings() -> None:
    found = space(training={"epochs": {"low": 1, "high": 3}, "learning_rate": {"low": 0.1, "high": 0.3}})
    assert found.holds({"training.epochs": 2, "training.learning_rate": 0.1})
    for epochs in (0, True, 2.5, "2", None, float("nan")):
        assert not found.holds({"training.epochs": epochs, "training.learning_rate": 0.1})
    assert not found.holds({}) and not found.holds({"training.epochs": 2, "x": 1})
