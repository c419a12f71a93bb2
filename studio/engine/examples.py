"""The encoded rows of a split: kept as Arrow, opened (an image decoded) when they are asked for.

Encoding goes through the rows a thousand at a time, with progress, so that Pause is heard and no split is ever in
memory as Python objects. What opening made of an item stays in memory as long as there is room for it, and the
items of coming batches are opened by other threads while the device computes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow
import torch

from studio.tasks.base import Item

ROWS_AT_ONCE = 1000
AHEAD = 3  # batches that are opened before they are needed


class Examples(Sequence[Item]):
    """lengths: of each item, where padding makes batches of like length faster; else None."""

    def __init__(
        self,
        chunks: Iterable[Sequence[Item]],
        length: Callable[[Item], int | None],
        open_item: Callable[[Item], Item],
        keep_bytes: float = 0.0,
        threads: int = 0,
    ) -> None:
        """chunks: encoded items. keep_bytes: memory that opened items may take altogether. threads: that open ahead."""
        lengths: list[int | None] = []
        tables: list[pyarrow.Table] = []
        for items in chunks:
            lengths += [length(item) for item in items]
            tables.append(compact(table_of(items)))
        self._table = pyarrow.concat_tables(tables, promote_options="permissive").combine_chunks()
        self._open, self._room = open_item, keep_bytes
        self._kept: dict[int, Item] = {}
        self._coming: dict[int, Future[Item]] = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="open-items") if threads else None
        self.lengths = [int(size) for size in lengths if size is not None] if None not in lengths else None

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def extend(self, items: Sequence[Item]) -> None:
        """Add values to every item, in order."""
        more = table_of(items)
        for name in more.column_names:
            self._table = self._table.append_column(name, more.column(name).combine_chunks())

    def plain(self, rows: Sequence[int]) -> list[Item]:
        """The items as they were encoded; values that a row did not have are left out."""
        found = self._table.take(pyarrow.array(rows, pyarrow.int64())).to_pylist()
        return [{name: value for name, value in item.items() if value is not None} for item in found]

    def opened(self, rows: Sequence[int]) -> list[Item]:
        """The items as `Task.collate` takes them."""
        lacking = [row for row in dict.fromkeys(rows) if row not in self._kept and row not in self._coming]
        fresh = {row: self._open(item) for row, item in zip(lacking, self.plain(lacking), strict=True)}
        return [self._take(row, fresh) for row in rows]

    def _take(self, row: int, fresh: dict[int, Item]) -> Item:
        if row in self._kept:
            return self._kept[row]
        if row not in fresh:
            fresh[row] = self._coming.pop(row).result()
        item = fresh[row]
        size = sum(value.nbytes for value in item.values() if isinstance(value, torch.Tensor))
        if 0 < size <= self._room:
            self._room -= size
            self._kept[row] = item
        return item

    def __getitem__(self, row: Any) -> Any:
        return self.opened([range(len(self))[row]])[0]

    def prefetch(self, batches: Iterable[Sequence[int]]) -> None:
        """Begin to open the items of the coming batches, in other threads."""
        if self._pool is None:
            return
        rows = [row for batch in batches for row in batch if row not in self._kept and row not in self._coming]
        for row, item in zip(rows, self.plain(rows), strict=True):
            self._coming[row] = self._pool.submit(self._open, item)

    def column(self, name: str) -> Iterator[Any]:
        """One value of every item, in order."""
        for batch in self._table.select([name]).to_batches(ROWS_AT_ONCE):
            yield from batch.column(0).to_pylist()


def table_of(items: Sequence[Item]) -> pyarrow.Table:
    """A column for every value that some item has; `from_pylist` takes those of the first one alone."""
    names = dict.fromkeys(name for item in items for name in item)
    return pyarrow.table({name: [item.get(name) for item in items] for name in names})


def compact(table: pyarrow.Table) -> pyarrow.Table:
    """Token ids and the like in 32 bits each instead of 64."""
    long, short = pyarrow.list_(pyarrow.int64()), pyarrow.list_(pyarrow.int32())
    return table.cast(pyarrow.schema([(each.name, short if each.type == long else each.type) for each in table.schema]))
