"""Room that is promised to what is at work: uploads, imports and exports of one person never take the same twice."""

import threading
from collections import Counter
from collections.abc import Callable


class Promised:
    """Bytes, by workspace, that come and are not on the disk yet. Thread-safe."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, workspace: str, room: Callable[[], int], wanted: int | None = None) -> int:
        """Promise the wanted bytes, or all that is left of `room`; nothing where less is left. Returns what was left;
        whoever was promised some of it gives it back."""
        with self._lock:
            left = max(0, room() - self._bytes[workspace])
            wanted = left if wanted is None else wanted
            if wanted <= left:
                self._bytes[workspace] += wanted
            return left

    def give_back(self, workspace: str, size: int) -> None:
        with self._lock:
            self._bytes[workspace] -= size
            self._bytes += Counter()  # forgets who was promised nothing
