"""A sequence that never changes for whoever holds it, and can still be extended without copying what it holds.

A training curve of 300,000 points gets one more: copying it into a longer tuple would cost more than all the rest of
the work. So the longer sequence shares its items with the shorter one, and each sees only as far as its own length
(a persistent data structure; slices of Go work the same way).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Self, TypeVar, overload

T = TypeVar("T")


class GrowingTuple(Sequence[T]):
    """Compares equal to any tuple with the same items.

    >>> short = GrowingTuple([1, 2])
    >>> long = short.extended([3])  # takes time for one item, not for three
    >>> short == (1, 2), long == (1, 2, 3), long.first(1) == (1,)
    (True, True, True)
    """

    __slots__ = ("_items", "_length", "_lock")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._share(list(items), threading.Lock())

    def _share(self, items: list[T], lock: threading.Lock, length: int | None = None) -> Self:
        self._items, self._lock = items, lock
        self._length = len(items) if length is None else length
        return self

    def extended(self, more: Iterable[T]) -> "GrowingTuple[T]":
        """These items and then `more`. Copies only where another sequence has already been extended from here."""
        added = list(more)
        if not added:
            return self
        with self._lock:
            if len(self._items) == self._length:
                self._items.extend(added)
                return _empty()._share(self._items, self._lock, self._length + len(added))
        return GrowingTuple([*self, *added])

    def first(self, count: int) -> "GrowingTuple[T]":
        """The first `count` items, without copying them."""
        return _empty()._share(self._items, self._lock, min(count, self._length))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return islice(self._items, self._length)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self._items[at] for at in range(*index.indices(self._length)))
        return self._items[range(self._length)[index]]  # raises IndexError behind the end, and counts from it

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GrowingTuple | tuple):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"GrowingTuple({list(self)!r})"


def _empty() -> GrowingTuple[Any]:
    return GrowingTuple.__new__(GrowingTuple)
