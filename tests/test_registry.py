"""Registries: names are unique and unknown ones are refused. What is registered keeps its contract."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from studio.errors import StudioError
from studio.exporters import EXPORTERS
from studio.options import Options
from studio.presets import PRESETS
from studio.registry import Registry
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.training.losses import LOSSES
from studio.training.optimizers import OPTIMIZERS
from studio.training.schedules import SCHEDULES

ALL: tuple[Registry[Any], ...] = (TASKS, STRATEGIES, EXPORTERS, OPTIMIZERS, SCHEDULES, LOSSES, PRESETS)
ENTRIES = [(registry, entry) for registry in ALL for entry in registry]


@dataclass(frozen=True)
class Thing:
    name: str


def test_entries_keep_their_order_and_are_found() -> None:
    registry = Registry("thing", Thing("b"), Thing("a"))
    assert registry.names == ("b", "a") and [thing.name for thing in registry] == ["b", "a"]
    assert registry["a"] == Thing("a") and "a" in registry and "c" not in registry and len(registry) == 2


def test_a_second_entry_of_a_name_is_refused() -> None:
    registry = Registry("thing", Thing("a"))
    with pytest.raises(ValueError, match="thing named 'a' already"):
        registry.add(Thing("a"))


def test_an_unknown_name_tells_the_known_ones_and_the_nearest() -> None:
    registry = Registry("thing", Thing("linear"), Thing("cosine"))
    with pytest.raises(StudioError) as caught:
        registry["linaer"]
    assert "linear, cosine" in str(caught.value) and "Did you mean 'linear'?" in str(caught.value)


def test_an_entry_can_be_taken_out_again() -> None:
    registry = Registry("thing", Thing("a"))
    registry.remove("a")
    assert len(registry) == 0


@pytest.mark.parametrize(("registry", "entry"), ENTRIES, ids=lambda value: getattr(value, "name", None))
def test_every_entry_can_be_written_into_a_run_file_and_shown(registry: Registry[Any], entry: Any) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", entry.name)
    assert entry.title and entry.title[0].isupper()
    assert entry.sentence.endswith(".")
    assert registry[entry.name] is entry


@pytest.mark.parametrize("entry", [*TASKS, *STRATEGIES], ids=lambda entry: entry.name)
def test_every_setting_is_explained(entry: Any) -> None:
    assert issubclass(entry.Options, Options)
    for name, field in entry.Options.model_fields.items():
        assert field.title and field.description, name
    entry.Options()  # every setting of a task or strategy has a default
