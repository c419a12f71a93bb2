"""Presets: settings that a run file takes, for every model and any number of rows."""

from pathlib import Path

import pytest

from studio.config import RunConfig
from studio.model_reader import read_architecture
from studio.models.local import describe
from studio.models.structure import Structure
from studio.presets import PRESETS, Preset
from studio.strategies import STRATEGIES
from studio.tasks import TASKS


@pytest.fixture(params=["text", "image"])
def structure(request: pytest.FixtureRequest) -> Structure:
    folder: Path = request.getfixturevalue(f"{request.param}_model")
    task = TASKS[f"{request.param}-classification"]
    return read_architecture(describe(str(folder)), task, task.Options(), request.getfixturevalue("home")).structure


@pytest.mark.parametrize("rows", [6, 999, 1000, 200_000])
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_makes_a_run_file(preset: Preset, rows: int, structure: Structure) -> None:
    settings = preset.settings(structure, rows)
    assert set(settings) == {"strategy", "training"}
    config = RunConfig.read(
        {"task": TASKS.names[0], "model": {"id": "x"}, "data": {"source": "x.csv"}, **settings}, preset.name
    )
    assert config.chosen_strategy.why_not(structure) is None
    assert config.training.early_stopping < config.training.epochs * config.training.evaluations_per_epoch
    for key, value in settings["training"].items():
        assert getattr(config.training, key) == value


def test_each_trains_more_than_the_one_before(structure: Structure) -> None:
    trained = []
    for preset in PRESETS:
        settings = dict(preset.settings(structure, 500)["strategy"])
        strategy = STRATEGIES[settings.pop("name")]
        trained.append(strategy.preview(structure, strategy.Options.read(settings)).trainable)
    assert trained == sorted(set(trained)) and trained[-1] == structure.total - structure.count(structure.fixed)


def test_names_and_titles_differ_and_are_what_pages_speak_of() -> None:
    assert PRESETS.names == ("quick", "balanced", "thorough")
    assert [preset.title for preset in PRESETS] == ["Quick", "Balanced", "Thorough"]
    assert len({preset.sentence for preset in PRESETS}) == len(PRESETS)
