"""How good a model each strategy made where benchmarks/strategies.py measured it: on the same rows, several times.

Nothing is known of a task for which nothing was measured.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from studio.paths import assets


@dataclass(frozen=True)
class Score:
    """Means over the runs, as shares of one: the metric on the test split with its standard error, and what trained.

    pace: how many times as long as by arithmetic alone its training takes on a CPU, beside full fine-tuning: many
    small products of matrices take longer than few large ones.
    """

    score: float
    error: float
    share: float
    pace: float


@dataclass(frozen=True)
class Measurement:
    """Of one task. data, model: their names. examples: of training. seeds: runs of each strategy."""

    task: str
    reads: str  # "text" or "image"
    data: str
    model: str
    examples: int
    date: str
    metric: str
    seeds: int
    methods: Mapping[str, Score]


def measurement(task: str) -> Measurement | None:
    return next((table for table in _tables() if table.task == task), None)


def pace(strategy: str, reads: str) -> float:
    """Of a strategy with models that read texts or images; 1 where it was not measured."""
    tables = [table for table in _tables() if table.reads == reads and strategy in table.methods]
    return tables[0].methods[strategy].pace if tables else 1.0


@cache
def _tables() -> tuple[Measurement, ...]:
    stored = json.loads((assets() / "measured" / "strategies.json").read_text(encoding="utf-8"))["tables"]
    return tuple(
        Measurement(**{**table, "methods": {name: Score(**score) for name, score in table["methods"].items()}})
        for table in stored
    )
