"""Answers that take seconds, each found out once in a thread while the person goes on choosing."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """One answer for each key. A failure is kept until `forget`.

    most: how many may be found out at the same time.
    """

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)
        self._answers: dict[str, Future[T]] = {}
        self._lock = threading.Lock()

    def ask(self, key: str, find: Callable[[], T]) -> T | None:
        """The answer, or None while it is being found out; this call begins it. Raises what `find` raised."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                answer = self._answers[key] = Future()
                # a daemon: a server that is asked to end does not wait for it
                threading.Thread(target=self._find, args=(answer, find), daemon=True).start()
        return answer.result() if answer.done() else None

    def _find(self, answer: "Future[T]", find: Callable[[], T]) -> None:
        with self._places:
            try:
                answer.set_result(find())
            except BaseException as error:  # noqa: BLE001  whoever asks next gets the error
                answer.set_exception(error)

    def forget(self, key: str) -> None:
        with self._lock:
            self._answers.pop(key, None)
