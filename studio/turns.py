"""Turns: a few at a time, in the order in which they came. Whoever waits can give up at any moment."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """places: how many have their turn at once.

    >>> turns = Turns(1)
    >>> with turns.lined_up() as has_come, turns.lined_up() as has_the_next:
    ...     has_come(0), has_the_next(0)
    (True, False)
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._line: list[object] = []  # the first of them have their turn
        self._changed = threading.Condition()

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits whose turn has not come."""
        with self._changed:
            return len(self._line) > self._places

    @contextmanager
    def lined_up(self) -> Iterator[Callable[[float], bool]]:
        """Be in the line inside the `with`. What is given waits so many seconds at most for one's turn, and says
        whether it has come."""
        place = object()
        with self._changed:
            self._line.append(place)

        def has_come(seconds: float) -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: place in self._line[: self._places], seconds)

        try:
            yield has_come
        finally:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()
