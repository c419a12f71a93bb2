"""What a guest may use of a server that is open to everyone: room, rows, time, and places in the queue.

People with an account, and whoever runs the server, may use all of it. Who signed in with Hugging Face and is no
member is a guest too.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from studio.app.access.accounts import GUEST
from studio.app.access.hub_people import hub_name, is_member
from studio.app.access.person import Person
from studio.app.promised import Promised
from studio.app.workspaces import homes_of_people
from studio.data.limits import MEGABYTE, Limits
from studio.errors import StudioError
from studio.language import _, plural
from studio.paths import Home
from studio.removal import files_below, used_bytes
from studio.runner import Supervisor
from studio.server_settings import ServerSettings
from studio.store import Run

A_DAY = 24 * 3600.0


@dataclass(frozen=True)
class Quota:
    megabytes: int
    rows: int
    minutes: int  # of training, for each run
    runs: int  # that wait or are at work
    days: int  # until a workspace in which nothing changes is removed

    @classmethod
    def of_guests(cls, settings: ServerSettings) -> "Quota":
        return cls(
            megabytes=settings.guest_megabytes,
            rows=settings.guest_rows,
            minutes=settings.guest_minutes,
            runs=settings.guest_runs,
            days=settings.guest_days,
        )

    def limits(self, limits: Limits) -> Limits:
        """The limits of the server, where those of the guest are not narrower."""
        narrower = {
            "upload_megabytes": min(limits.upload_megabytes, self.megabytes),
            "unpacked_megabytes": min(limits.unpacked_megabytes, self.megabytes),
            "rows": min(limits.rows, self.rows),
        }
        return limits.model_copy(update=narrower)

    def sentence(self, home: Home) -> str:
        """What a guest reads on the first page, and where they bring data."""
        return _(
            "As a guest you have {megabytes:,} MB here ({used:,} MB are in use), up to {rows} of data, and {runs} at a "
            "time of up to {minutes} each; what you leave alone for {days} is removed.",
            megabytes=self.megabytes,
            used=used_bytes(home) // MEGABYTE,
            rows=plural("{n:,} row", "{n:,} rows", self.rows),
            runs=plural("{n:,} run", "{n:,} runs", self.runs),
            minutes=plural("{n:,} minute", "{n:,} minutes", self.minutes),
            days=plural("{n:,} day", "{n:,} days", self.days),
        )

    def bytes_left(self, home: Home) -> int:
        return self.megabytes * MEGABYTE - used_bytes(home)

    def check_room(self, home: Home) -> None:
        """Raises StudioError where the workspace is full."""
        if self.bytes_left(home) <= 0:
            raise self.full(home)

    def full(self, home: Home) -> StudioError:
        return StudioError(
            _("Your workspace is full."),
            _(
                "A guest may use {megabytes:,} MB here; you use {used:,} MB.",
                megabytes=self.megabytes,
                used=used_bytes(home) // MEGABYTE,
            ),
            _("Delete runs that you no longer need, then remove the deleted ones for good: Runs page, Free space."),
        )

    @contextmanager
    def room(self, home: Home, promised: Promised) -> Iterator[int]:
        """All bytes that are left, for whoever is inside alone. Raises StudioError where there are none."""
        workspace = home.root.name
        left = promised.take(workspace, lambda: self.bytes_left(home))
        if left == 0:
            self.check_room(home)
            raise StudioError(
                _("Your room here is in use at the moment."),
                _("Something of yours is being sent, read or packed, and may take all of it."),
                _("Wait until it is done, then try again."),
            )
        try:
            yield left
        finally:
            promised.give_back(workspace, left)

    def check_turn(self, home: Home, supervisor: Supervisor) -> None:
        """Raises StudioError where as many runs wait or are at work as a guest may have."""
        busy = [run for run in (*supervisor.queue(), *supervisor.active()) if run.home == home]
        if len(busy) >= self.runs:
            raise StudioError(
                _("This run cannot be added to the queue."),
                plural(
                    "A guest may have {n:,} run that waits or trains, and you have {busy:,}.",
                    "A guest may have {n:,} runs that wait or train, and you have {busy:,}.",
                    self.runs,
                    busy=len(busy),
                ),
                _("Wait until one has ended, or stop one."),
            )


def quota_of(person: Person, settings: ServerSettings) -> Quota | None:
    return Quota.of_guests(settings) if person.is_guest else None


def is_of_a_guest(run: Run, members: tuple[str, ...]) -> bool:
    return run.home.server != run.home and is_a_guest_s(run.home.root.name, members)


def is_a_guest_s(workspace: str, members: tuple[str, ...]) -> bool:
    """Whether quotas apply to the workspace of this name."""
    username = hub_name(workspace)
    return workspace.startswith(GUEST) or (username is not None and not is_member(username, members))


def remove_forgotten(home: Home, days: int, members: tuple[str, ...]) -> None:
    """Remove the workspaces of guests in which nothing has changed for so many days."""
    for guest in (each for each in homes_of_people(home) if is_a_guest_s(each.root.name, members)):
        newest = max((changed for changed, _size in files_below(guest.root)), default=guest.root.stat().st_mtime)
        if newest < time.time() - days * A_DAY:
            shutil.rmtree(guest.root, ignore_errors=True)
            shutil.rmtree(guest.sent, ignore_errors=True)
