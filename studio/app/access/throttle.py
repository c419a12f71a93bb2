"""Too many wrong passwords: whoever tries has to wait, longer each time, for an account and for an address."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

FREE = 5  # wrong tries before the first wait
REMEMBERED = 10_000


class Throttle:
    """Counts wrong tries by key. After FREE of them, the next is answered only after 1, 2, 4, ... seconds, at most
    `longest`; after twice that time without a try, all is forgotten."""

    def __init__(self, longest: float, now: Callable[[], float] = time.monotonic) -> None:
        self._longest, self._now = longest, now
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # key -> how many, when the last one was
        self._lock = threading.Lock()

    def add(self, key: str) -> None:
        """A try under this key was wrong."""
        with self._lock:
            count, last = self._wrong.pop(key, (0, 0.0))
            is_over = self._now() - last > 2 * self._longest
            self._wrong[key] = (1 if is_over else count + 1, self._now())
            while len(self._wrong) > REMEMBERED:
                self._wrong.popitem(last=False)

    def forget(self, key: str) -> None:
        """A try was right."""
        with self._lock:
            self._wrong.pop(key, None)

    def seconds_left(self, key: str) -> float:
        """How long a try under this key is not answered yet; 0 where it is."""
        with self._lock:
            count, last = self._wrong.get(key, (0, 0.0))
        wait = min(self._longest, 2.0 ** min(count - FREE, 20)) if count >= FREE else 0.0
        return max(0.0, last + wait - self._now())
