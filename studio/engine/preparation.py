"""From the rows of a run and a pretrained model to what the loop trains on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import psutil

from studio.engine.examples import ROWS_AT_ONCE, Examples
from studio.hardware import probe
from studio.strategies.base import PLAIN, Loading
from studio.tasks.base import Collate, Item, Task, Tools
from studio.tasks.loading import Loaded, load_pretrained
from studio.tasks.rows import parse_rows

MOST_THREADS = 4  # that open items ahead

Progress = Callable[[int, int], None]
"""Called with (rows done, rows); may raise to interrupt."""


@dataclass(frozen=True)
class Prepared:
    """What the engine trains. examples: by split. new_parameters: names of parameters that are not pretrained.

    collate: how items become a batch; `collate_training` varies them where the options ask for it.
    varying: splits whose items differ each time (augmentation): their activations cannot be cached.
    """

    task: Task
    model: Any
    tools: Tools
    examples: Mapping[str, Examples]
    collate: Collate
    collate_training: Collate
    new_parameters: frozenset[str]
    varying: frozenset[str] = frozenset()

    def lengths(self, split: str) -> list[int] | None:
        return self.examples[split].lengths


def load_model(
    task: Task,
    table: pandas.DataFrame,
    folder: Path,
    options: Any,
    changes: Mapping[str, Any],
    trust: bool,
    loading: Loading = PLAIN,
) -> Loaded:
    """The pretrained model under the task's head. changes: values of its config that the settings override.
    loading: how its weights are held."""
    return load_pretrained(task, folder, options, {**changes, **task.configure(table, options)}, trust, loading)


def prepare(task: Task, loaded: Loaded, table: pandas.DataFrame, files: Path | None, progress: Progress) -> Prepared:
    """Encode the rows of every split. files: the folder that names of images in the table are relative to."""
    tools, done = loaded.tools, 0
    memory = psutil.virtual_memory().available / 3
    opens = type(task).open is not Task.open
    threads = min(MOST_THREADS, probe().cores) if opens else 0

    def encoded(split: str, rows: pandas.DataFrame) -> Iterator[Sequence[Item]]:
        nonlocal done
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows.iloc[start : start + ROWS_AT_ONCE]
            items = task.encode(tools, parse_rows(some, task.columns, files))
            yield task.pack(tools, items) if split == "train" else items
            done += len(some)
            progress(done, len(table))

    progress(0, len(table))
    examples = {
        str(split): Examples(
            encoded(str(split), rows),
            task.length,
            lambda item: task.open(tools, item),
            memory * len(rows) / len(table),
            threads,
        )
        for split, rows in table.groupby("split", sort=False)
    }
    return Prepared(
        task=task,
        model=loaded.model,
        tools=tools,
        examples=examples,
        collate=task.collate(tools, training=False),
        collate_training=task.collate(tools, training=True),
        new_parameters=loaded.new,
        varying=frozenset({"train"} if task.varies(tools) else ()),
    )
