"""Prepared material put together by hand, or from a table: what tests of the engine and of tasks start from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas

from studio.engine.preparation import Prepared, load_model, prepare
from studio.tasks import TASKS
from studio.tasks.base import Tools


class ListExamples(list[Any]):
    """A list that stands in for `Examples`: its items are open already."""

    @property
    def lengths(self) -> list[int] | None:
        return [len(item["input_ids"]) for item in self] if self and isinstance(self[0]["input_ids"], list) else None

    def opened(self, rows: Sequence[int]) -> list[Any]:
        return [self[row] for row in rows]

    plain = opened

    def prefetch(self, batches: object) -> None: ...

    def column(self, name: str) -> Iterator[Any]:
        return (int(item[name]) for item in self)


class Images(ListExamples):
    lengths = None  # type: ignore[assignment]


def prepared_of(
    task: str,
    model: Any,
    splits: Mapping[str, list[dict[str, Any]]],
    collate: Callable[[list[Any]], dict[str, Any]],
    new: Iterable[str],
    varying: Iterable[str] = (),
    processor: Any = None,
) -> Prepared:
    kind = ListExamples if "input_ids" in next(iter(splits.values()))[0] else Images
    return Prepared(
        task=TASKS[task],
        model=model,
        tools=Tools(processor, model.config, None),
        examples={split: kind(items) for split, items in splits.items()},  # type: ignore[misc]
        collate=collate,
        collate_training=collate,
        new_parameters=frozenset(new),
        varying=frozenset(varying),
    )


def prepare_table(
    task: str, table: pandas.DataFrame, model: Path, files: Path | None = None, seed: int = 3, **options: Any
) -> Prepared:
    """As a worker does it, from a table with the columns row, split and the task's own."""
    from studio.engine.random_state import seed_everything

    seed_everything(seed)
    chosen = TASKS[task]
    loaded = load_model(chosen, table, model, chosen.Options.read(options), {}, trust=False)
    return prepare(chosen, loaded, table, files, lambda done, total: None)
