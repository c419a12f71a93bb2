"""The run file: read, completed, refused with every mistake at once, and written back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from studio.config import RunConfig, holds_settings
from studio.data.corrections import MOST_CORRECTIONS
from studio.errors import StudioError
from studio.model_reader import read_architecture
from studio.models.local import describe_folder
from studio.paths import Home
from studio.preflight import check, find_problems
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.yaml_text import MOST_EVENTS, parsed

MINIMAL = """
task: text-classification
model: {id: starter/text}
data: {source: reviews.csv}
"""


def test_what_is_not_said_has_a_default() -> None:
    config = RunConfig.from_text(MINIMAL)
    assert config.strategy["name"] == "full" and config.chosen_strategy is STRATEGIES["full"]
    assert config.training.optimizer == "adamw" and config.training.batch_size == "auto"
    assert config.chosen_task is TASKS["text-classification"]
    assert config.learning_rate == STRATEGIES["full"].default_learning_rate
    assert config.data.split.train == 0.8


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_writing_and_reading_is_the_same(task, strategy) -> None:  # type: ignore[no-untyped-def]
    text = f"task: {task.name}\nmodel: {{id: a/b}}\ndata: {{source: x}}\nstrategy: {{name: {strategy.name}}}\n"
    config = RunConfig.from_text(text)
    assert RunConfig.from_text(config.to_text()) == config
    assert config.strategy_options == strategy.Options() and config.task_options == task.Options()


def test_every_mistake_is_reported_at_once() -> None:
    with pytest.raises(StudioError) as caught:
        RunConfig.from_text(
            "task: text-clasification\nmodel: {}\ndata: {source: x, split: {train: 0.9}}\n"
            "strategy: {name: lora, rank: 8}\ntraining: {epochs: 0, optimiser: adamw, schedule: liner}\n"
        )
    message = str(caught.value)
    for words in ("text-classification", "'model.id' is missing", "add up to 1", "rank", "epochs", "optimiser"):
        assert words in message
    assert "linear" in message


def test_each_mistake_is_one_sentence_after_its_place() -> None:
    with pytest.raises(StudioError) as caught:
        RunConfig.from_text(
            "task: text-regresion\nmodel: {id: x}\ndata: {source: x}\nstrategy: {name: lora, r: -8, alphaa: 1}\n"
            "training: {loss: focl}\n"
        )
    task, r, alpha, loss = caught.value.explanation.why.splitlines()
    assert task.startswith("'task': There is no task") and task.endswith("Did you mean 'text-regression'?")
    assert r == "'strategy.r' must be at least 1 (it is -8)."
    assert alpha == "'strategy.alphaa' is not a known setting. Did you mean 'alpha'?"
    assert loss.startswith("'training.loss': There is no loss") and loss.endswith("Did you mean 'focal'?")
    options = "task: text-classification\nmodel: {id: x}\ndata: {source: x}\noptions: {max_length: 1}\n"
    with pytest.raises(StudioError, match=r"as they are\. 'options\.max_length' must be at least 8 \(it is 1\)\."):
        RunConfig.from_text(options)


@pytest.mark.parametrize("text", ["", "- a\n- b", "just words", "task: [", "task: {a: *b}"])
def test_what_is_no_run_file_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(StudioError) as caught:
        RunConfig.from_text(text)
    assert caught.value.explanation.what_to_do


@pytest.mark.parametrize("size", [0, -1, 5000, "large"])
def test_batch_sizes_have_bounds(size: object) -> None:
    with pytest.raises(StudioError, match="batch_size"):
        RunConfig.from_text(MINIMAL + f"training: {{batch_size: {size}}}\n")


def test_paths_are_taken_from_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\n", encoding="utf-8")
    path = tmp_path / "run.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    config = RunConfig.from_file(path)
    assert config.data.source == str((tmp_path / "reviews.csv").resolve())
    assert config.model.id == "starter/text"  # nothing lies there: not a path


def test_a_missing_run_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be read"):
        RunConfig.from_file(tmp_path / "none.yaml")


def test_a_run_that_can_start_has_no_problems(reviews: Path, text_model: Path, home: Home) -> None:
    config = RunConfig.from_text(
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{reviews}'}}"
    )
    assert find_problems(config, home) == []
    check(config, home)


def test_all_obstacles_are_reported_at_once(home: Home, image_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    text = "task: text-classification\nmodel: {id: %s}\ndata: {source: /none.csv, columns: {colour: a}}"
    with pytest.raises(StudioError) as caught:
        check(RunConfig.from_text(text % "/no/such/model"), home)
    for words in ("no model folder", "/none.csv", "no column 'colour'"):
        assert words in str(caught.value)
    problems = find_problems(RunConfig.from_text(text % image_model), home)
    assert "does not fit the task" in problems[0].what
    offline = find_problems(RunConfig.from_text(text % "someone/absent"), home)
    assert "not on this machine" in offline[0].what


@pytest.mark.parametrize("strategy", ["adapter", "bitfit", "ln-tuning", "prompt-tuning", "prefix-tuning", "vera"])
def test_a_way_that_does_not_fit_is_reported_before_the_run(
    strategy: str, home: Home, image_model: Path, images: Path
) -> None:
    config = RunConfig.read(
        {
            "task": "image-classification",
            "model": {"id": str(image_model)},
            "data": {"source": str(images)},
            "strategy": {"name": strategy},
        }
    )
    (problem,) = find_problems(config, home)
    architecture = read_architecture(describe_folder(image_model), config.chosen_task, config.task_options, home)
    assert "does not fit this model" in problem.what
    way = STRATEGIES[strategy]
    assert problem.why == (way.why_not_task(config.chosen_task.model) or way.why_not(architecture.structure))


@pytest.mark.parametrize("value", ["2020-02-30", "!!int x", "!!float x", "!!timestamp x", "!!bool x", "[" * 5000])
def test_yaml_whose_values_are_none_is_refused_in_a_sentence(value: str, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"task: {value}\n", encoding="utf-8")
    with pytest.raises(StudioError, match="not valid YAML"):
        RunConfig.from_file(file)
    assert not holds_settings(file)


def test_a_run_file_with_a_million_corrections_is_refused_without_making_anything_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = 0
    events = yaml.parse

    def counted(*given: Any) -> Iterator[Any]:
        nonlocal read
        for event in events(*given):
            read += 1
            yield event

    monkeypatch.setattr(yaml, "parse", counted)
    monkeypatch.setattr(yaml, "load", lambda *given: pytest.fail("values are made of it"))
    begun = (
        "task: text-classification\nmodel: {id: starter/text}\ndata:\n  source: a.csv\n  cleaning:\n    corrections:\n"
    )
    with pytest.raises(StudioError, match=r"too long\..* 50,000 values\..* 2,000\."):
        RunConfig.from_text(begun + "    - {row: 1}\n" * 1_000_000)
    assert read <= MOST_EVENTS + 1


def test_of_many_mistakes_the_first_are_told() -> None:
    corrections = [{"row": 0}] * MOST_CORRECTIONS
    given = {"task": "text-classification", "model": {"id": "a/b"}, "data": {"source": "a.csv"}}
    given["data"] = {"source": "a.csv", "cleaning": {"corrections": corrections}}
    with pytest.raises(StudioError) as refused:
        RunConfig.read(given)
    lines = refused.value.explanation.why.split("\n")
    assert len(lines) == 21 and lines[-1] == "And 1,980 more like these."
    given["data"]["cleaning"]["corrections"] = [{"row": 1}] * (MOST_CORRECTIONS + 1)
    with pytest.raises(StudioError) as refused:
        RunConfig.read(given)
    assert refused.value.explanation.why == "'data.cleaning.corrections' may hold 2,000 entries at most."


def test_a_few_lines_that_mean_more_than_any_memory_are_refused() -> None:
    """Aliases of aliases: counted with what they repeat, before anything is made of them."""
    nested = "".join(f"  a{n + 1}: &a{n + 1} {{x: *a{n}, y: *a{n}, z: *a{n}}}\n" for n in range(25))
    merged = "".join(f"  a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}, *a{n}]}}\n" for n in range(25))
    for bomb in (
        f"options:\n  a0: &a0 {{x: 1}}\n{nested}",
        f"options:\n  a0: &a0 {{x: 1}}\n{merged}",
        "options: &o {x: *o}",
    ):
        with pytest.raises(StudioError, match="too long"):
            RunConfig.from_text(f"task: text-classification\nmodel: {{id: starter/text}}\n{bomb}\n")
    usual = parsed("a: &a {epochs: 3}\nb: *a\nc: {<<: *a, seed: 1}\nd: &n 1\ne: *n\n")
    assert usual == {"a": {"epochs": 3}, "b": {"epochs": 3}, "c": {"epochs": 3, "seed": 1}, "d": 1, "e": 1}
