"""The rules of the suggestion: what leads to what, and that it says why."""

from typing import Any

import pytest
from families import structure_of

from studio.config import RunConfig
from studio.suggestion import PATIENCE_SECONDS, Outcome, Settings, suggest

QUICK = Outcome(60, True)


def chosen(
    family: str, counts: dict[str, int], outcomes: dict[str, Outcome] | None = None, rows: int | None = None
) -> tuple[str, Any, str]:
    """The suggested strategy and training, and why. rows: where they are no sum of the classes' examples."""
    structure = structure_of(family)

    def estimate_of(settings: Settings) -> Outcome:
        return (outcomes or {}).get(settings["strategy"]["name"], QUICK)

    suggestion = suggest(structure, sum(counts.values()) if rows is None else rows, counts, estimate_of)
    config = RunConfig.read(
        {"task": "text-classification", "model": {"id": "x"}, "data": {"source": "x.csv"}, **suggestion.settings}
    )
    assert all(reason.endswith(".") for reason in suggestion.reasons)
    return config.strategy["name"], config.training, " ".join(suggestion.reasons)


@pytest.mark.parametrize("family", ["bert", "gpt2", "vit", "resnet"])
def test_the_more_examples_the_more_of_the_model(family: str) -> None:
    assert chosen(family, {"a": 9, "b": 200})[0] == "freeze"
    assert chosen(family, {"a": 200, "b": 300})[0] == "lp-ft"
    assert chosen(family, {"a": 900, "b": 900})[0] == "layerwise"


def test_what_takes_too_long_or_does_not_fit_gives_way_and_is_named() -> None:
    slow, large = Outcome(PATIENCE_SECONDS + 1, True), Outcome(10, False)
    counts = {"a": 900, "b": 900}
    name, _, why = chosen("bert", counts, {"layerwise": slow})
    assert name == "lora" and "Layer-wise learning rates" in why
    name, _, why = chosen("bert", counts, {"layerwise": large, "lora": slow})
    assert name == "freeze" and "Layer-wise" in why and "LoRA" in why
    name, _, _ = chosen("bert", counts, {"layerwise": large, "lora": large, "freeze": slow})
    assert name == "freeze"


def test_uneven_classes_are_weighed_and_small_data_is_seen_more_often() -> None:
    _, even, _ = chosen("bert", {"a": 300, "b": 400})
    _, uneven, why = chosen("bert", {"a": 30, "b": 600})
    assert even.class_weights == "none" and uneven.class_weights == "balanced" and "20 times" in why
    _, many, _ = chosen("bert", {"a": 30_000, "b": 30_000})
    assert many.epochs < even.epochs <= 10


def test_a_misspelt_label_is_no_class() -> None:
    name, training, _ = chosen("bert", {"a": 300, "b": 400, "bb": 1})
    assert name == "lp-ft" and training.class_weights == "none"


@pytest.mark.parametrize(("rows", "name"), [(12, "freeze"), (300, "lp-ft"), (5000, "layerwise")])
def test_without_classes_the_rows_decide(rows: int, name: str) -> None:
    found, training, why = chosen("bert", {}, rows=rows)
    assert found == name and training.class_weights == "none" and "class" not in why.split("spoil")[0]


def test_many_objects_in_few_rows_are_few_rows() -> None:
    """The labels of spans and boxes are counted by objects, of which a row may have a hundred."""
    assert chosen("bert", {"a": 30_000, "b": 20_000}, rows=400)[0] == "lp-ft"
