"""Once a day, what was brought and is needed by no draft and no run any more is removed from every home."""

import logging
import threading
from collections.abc import Iterator

from studio.app.quotas import remove_forgotten
from studio.app.workspaces import homes_of_people
from studio.disk_space import sweep
from studio.errors import StudioError
from studio.paths import Home

logger = logging.getLogger(__name__)
FIRST_SECONDS = 60.0  # a server that has just started has more urgent things to do
DAY_SECONDS = 24 * 3600.0


class Sweeper:
    """A background thread, from `start` to `close`."""

    def __init__(self, home: Home, guest_days: int, members: tuple[str, ...] = (), first: float | None = None) -> None:
        self.home, self.guest_days, self.members = home, guest_days, members
        self.first = FIRST_SECONDS if first is None else first
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()

    def _work(self) -> None:
        wait = self.first
        while not self._closing.wait(wait):
            remove_forgotten(self.home, self.guest_days, self.members)
            for home in self._homes():
                sweep_reporting(home)
            wait = DAY_SECONDS

    def _homes(self) -> Iterator[Home]:
        yield self.home
        yield from homes_of_people(self.home)


def sweep_reporting(home: Home) -> None:
    """A home that cannot be swept is no reason to leave the others."""
    try:
        removed = sweep(home)
    except (OSError, StudioError):
        logger.exception("what nobody needs in %s could not be removed", home.root)
        return
    for trouble in removed.troubles:
        logger.warning("in %s: %s", home.root, trouble)
